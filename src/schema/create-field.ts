import { formatsOf } from '../syntax/cursor-format.ts'
import { declaredType } from './declared-type.ts'
import { refuseDeclared } from './misfit.ts'
import type { Field, SchemaOptions } from './placed.ts'
import { mustBeDeclared } from './type-tree.ts'
import type { ColumnType } from './types.ts'
import { canWiden, holdsExactly } from './widen.ts'

/** The field of a key whose column is called `name`, and has the type `live` where it is there already. Throws where that is not as declared. */
export function createField(
  { where, columns }: Pick<SchemaOptions, 'where' | 'columns'>,
  { key, name, live }: { readonly key: string; readonly name: string; readonly live: ColumnType | undefined },
): Field {
  const config = columns[key]
  const declared = config && declaredType(config)
  const stays = declared !== undefined && live !== undefined && holdsExactly(live, declared)
  if (declared && live && declared !== live && !stays && !canWiden(live, declared))
    throw refuseDeclared(where, { name, type: live }, declared)
  return {
    name,
    type: stays ? live : (declared ?? live),
    declared: declared !== undefined || (live !== undefined && mustBeDeclared(live)),
    dropped: config?.drop ?? false,
    times: { formats: config && formatsOf(config), zone: config?.time_zone },
    variants: new Map(),
  }
}
