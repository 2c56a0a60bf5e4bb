import type { Deployment } from './deployment.ts'

/** What the service runs as, what builds it, and what calls it: no account may do what another is for. */
export function accountsOf({ service, project }: Pick<Deployment, 'service' | 'project'>) {
  const email = (name: string): string => `${service}-${name}@${project}.iam.gserviceaccount.com`
  return { run: email('run'), build: email('build'), call: email('call') } as const
}

export const memberOf = (email: string): string => `serviceAccount:${email}`

/** Known before the service exists (Cloud Run, "deterministic URL"). */
export const urlOf = ({ service, projectNumber, region }: Deployment): string =>
  `https://${service}-${projectNumber}.${region}.run.app`

export const queueOf = ({ project, region, service }: Deployment): string =>
  `projects/${project}/locations/${region}/queues/${service}`

/** The network, and what is in it: all of one name. */
export const networkOf = ({ service }: Pick<Deployment, 'service'>): string => `${service}-egress`

export const projectFlag = ({ project }: Pick<Deployment, 'project'>): string => `--project=${project}`
