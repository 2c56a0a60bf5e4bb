// Writes the tables of the reference pages (src/**/*.md) from the code: npm run reference.
import { writeFileSync } from 'node:fs'
import { readPages, writePages } from './reference/pages.ts'

for (const [page, text] of writePages(readPages())) writeFileSync(page, text)
