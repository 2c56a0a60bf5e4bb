import type { Deployment } from '../deployment.ts'
import { networkOf, projectFlag } from '../names.ts'
import { unchanged, compareFields, gcloud, pick, type Resource } from '../resource.ts'

/** Direct VPC egress takes addresses of a subnet for its instances: /26 is the smallest that it accepts. */
const range = '10.130.0.0/26'

/**
 * Dollars (https://cloud.google.com/nat/pricing): an external address and a gateway for an hour, the gateway by instances that
 * use it, and a GiB through it.
 */
const price = { address: 0.005, instance: 0.0014, gibibyte: 0.045 } as const
const hoursOfMonth = 730

/** Calls to providers leave by one address of our own, so that these can let it in: Direct VPC egress, a router and Cloud NAT. */
export function listNetwork(deployment: Deployment): readonly Resource[] {
  const { region } = deployment
  const name = networkOf(deployment)
  const project = projectFlag(deployment)
  const inRegion = [`--region=${region}`, project]
  const month = (hourly: number): string => (hourly * hoursOfMonth).toFixed(2)
  return [
    {
      title: `network ${name}`,
      read: gcloud('compute', 'networks', 'describe', name, project, '--format=json'),
      differences: unchanged,
      create: [gcloud('compute', 'networks', 'create', name, '--subnet-mode=custom', project)],
      remove: [gcloud('compute', 'networks', 'delete', name, project, '--quiet')],
    },
    {
      title: `subnet ${name} (${range})`,
      read: gcloud('compute', 'networks', 'subnets', 'describe', name, ...inRegion, '--format=json'),
      differences: (current) =>
        compareFields({ 'access to Google': pick(current, 'privateIpGoogleAccess') }, { 'access to Google': true }),
      // Google's own APIs are reached without the gateway, which would cost by the byte.
      create: [
        gcloud(
          'compute',
          'networks',
          'subnets',
          'create',
          name,
          `--network=${name}`,
          `--range=${range}`,
          '--enable-private-ip-google-access',
          ...inRegion,
        ),
      ],
      update: [
        gcloud('compute', 'networks', 'subnets', 'update', name, '--enable-private-ip-google-access', ...inRegion),
      ],
      remove: [gcloud('compute', 'networks', 'subnets', 'delete', name, ...inRegion, '--quiet')],
    },
    {
      title: `static address ${name} (${month(price.address)} USD a month; giving it back loses it)`,
      read: gcloud('compute', 'addresses', 'describe', name, ...inRegion, '--format=json'),
      differences: unchanged,
      create: [gcloud('compute', 'addresses', 'create', name, ...inRegion)],
      remove: [gcloud('compute', 'addresses', 'delete', name, ...inRegion, '--quiet')],
      holdsData: true,
    },
    {
      title: `router ${name}`,
      read: gcloud('compute', 'routers', 'describe', name, ...inRegion, '--format=json'),
      differences: unchanged,
      create: [gcloud('compute', 'routers', 'create', name, `--network=${name}`, ...inRegion)],
      remove: [gcloud('compute', 'routers', 'delete', name, ...inRegion, '--quiet')],
    },
    {
      title: `NAT gateway ${name} (${month(price.instance)} USD a month for each instance that runs all of it, ${price.gibibyte} USD a GiB)`,
      read: gcloud('compute', 'routers', 'nats', 'describe', name, `--router=${name}`, ...inRegion, '--format=json'),
      differences: unchanged,
      create: [
        gcloud(
          'compute',
          'routers',
          'nats',
          'create',
          name,
          `--router=${name}`,
          `--nat-custom-subnet-ip-ranges=${name}`,
          `--nat-external-ip-pool=${name}`,
          ...inRegion,
        ),
      ],
      remove: [gcloud('compute', 'routers', 'nats', 'delete', name, `--router=${name}`, ...inRegion, '--quiet')],
    },
  ]
}
