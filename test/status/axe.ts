import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

export interface AxeViolation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds on a page: all of its rules, the best practices among them. The page's policy does not bind the debugger. */
export async function findBarriers(page: Page): Promise<readonly AxeViolation[]> {
  await page.evaluate(source)
  const result = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')
  return (result as { violations: AxeViolation[] }).violations
}
