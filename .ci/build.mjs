// Builds dist/: the exports (api.js), the function (function.js), the command line (cli.js) and the chunks that they share and load lazily.
import { copyFileSync, rmSync } from 'node:fs'
import { build } from 'esbuild'

rmSync('dist', { recursive: true, force: true })
await build({
  entryPoints: ['src/api.ts', 'src/function.ts', 'src/cli.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  packages: 'external',
  minify: true,
  // Beside the chunks, but not in the package: `node --enable-source-maps dist/cli.js` names functions and lines of src/.
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
})
// Whichever chunk loads it looks beside itself, and all chunks lie here.
copyFileSync('src/decode/scan.wasm', 'dist/scan.wasm')
