import type { WriteMode } from '../destinations/destination.ts'
import type { StreamConfig } from './connector.ts'

/** How the rows of a stream are written: as it says, else merge where it has a primary key, else append. */
export function writeMode(stream: Pick<StreamConfig, 'write' | 'primary_key'>): WriteMode {
  return stream.write ?? (stream.primary_key ? 'merge' : 'append')
}
