import { connectorFiles } from './boundaries/connector-files.ts'
import { commandLines } from './boundaries/command-lines.ts'
import { deliveries } from './boundaries/deliveries.ts'
import { providerAnswers } from './boundaries/provider-answers.ts'
import { secretContents } from './boundaries/secrets.ts'
import { signInAnswers } from './boundaries/sign-in-answers.ts'
import { outsideTexts } from './boundaries/texts.ts'
import { tokenAnswers } from './boundaries/token-answers.ts'
import type { Boundary } from './boundary.ts'

/** Where something comes in that others have written. Requests at the door of the function: `test/triggers/fuzz.test.ts`. */
export const boundaries: readonly Boundary[] = [
  connectorFiles,
  commandLines,
  deliveries,
  outsideTexts,
  providerAnswers,
  tokenAnswers,
  signInAnswers,
  secretContents,
]
