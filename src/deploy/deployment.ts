import type { Needs } from './needs.ts'
import type { Resource } from './resource.ts'
import { listAccounts } from './resources/accounts.ts'
import { listAlerts } from './resources/alerts.ts'
import { listApis } from './resources/apis.ts'
import { listDatasets } from './resources/datasets.ts'
import { listMessaging } from './resources/messaging.ts'
import { listNetwork } from './resources/network.ts'
import { listQueue } from './resources/queue.ts'
import { listSchedules } from './resources/schedules.ts'
import { listSecrets } from './resources/secrets.ts'
import { listService } from './resources/service.ts'

/** What a person chooses. */
export interface DeployOptions {
  readonly project: string
  readonly region: string
  /** Of the service, and the beginning of every other name. */
  readonly service: string
  /** Of the datasets: a region, or EU or US. */
  readonly location: string
  /** Of the connector files, relative to what is uploaded. */
  readonly connectors: string
  /** Notification channel of Cloud Monitoring that is told about failed runs: `projects/P/notificationChannels/ID`. */
  readonly alertChannel?: string
  /** Whether a Pub/Sub topic starts runs too. */
  readonly pubsub: boolean
  /** Whether providers see one address that stays the same. */
  readonly staticIp: boolean
  /** Further variables of the service. */
  readonly env: Readonly<Record<string, string>>
}

/** Everything that resources are made from. */
export interface Deployment extends DeployOptions {
  readonly needs: Needs
  /** Part of the service's URL and of the names of Google's own service accounts. */
  readonly projectNumber: string
  /** The files that are uploaded, relative to the clone. */
  readonly upload: readonly string[]
  /** Of the files that are uploaded: another one means another deployment. */
  readonly sourceHash: string
}

/** Every resource, each behind those that it stands on. */
export function listResources(deployment: Deployment): readonly Resource[] {
  return [
    ...listApis(deployment),
    ...listAccounts(deployment),
    ...listSecrets(deployment),
    ...listDatasets(deployment),
    ...listQueue(deployment),
    ...(deployment.staticIp ? listNetwork(deployment) : []),
    ...listService(deployment),
    ...listSchedules(deployment),
    ...(deployment.pubsub ? listMessaging(deployment) : []),
    ...listAlerts(deployment),
  ]
}
