import { join, resolve } from 'node:path'
import type { BunPlugin } from 'bun'
import { ASSETS, type PageFile } from './pages.ts'

/**
 * A board that brings a page, and the absolute path of the module whose default export is its `BoardPage`.
 */
export type BoardEntry = { readonly name: string; readonly webEntry: string }

/**
 * Bundles the web page and the views of the boards: minified scripts and styles under hashed names, and the
 * HTML that names them. Each view is a script of its own; the one of the start page is loaded together with
 * the page. Rejects when it does not build.
 */
export async function bundlePage(entry: string, boards: readonly BoardEntry[]): Promise<readonly PageFile[]> {
  const built = await Bun.build({
    entrypoints: [entry],
    target: 'browser',
    minify: true,
    splitting: true,
    metafile: true,
    publicPath: ASSETS,
    naming: { chunk: '[name]-[hash].[ext]', asset: '[name]-[hash].[ext]' },
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [listOfBoards(boards)],
  })
  const [first] = boards
  const scripts =
    first === undefined || built.metafile === undefined ? [] : firstView(built.metafile, first.webEntry)
  return Promise.all(
    built.outputs.map(async (output) => {
      if (output.kind === 'entry-point' && output.path.endsWith('.html')) {
        const bytes = new TextEncoder().encode(preload(await output.text(), scripts))
        return { path: '/', type: output.type, bytes, hashed: false }
      }
      const bytes = new Uint8Array(await output.arrayBuffer())
      return { path: join(ASSETS, output.path), type: output.type, bytes, hashed: true }
    }),
  )
}

/**
 * Makes the module `virtual:boards` of the page, which imports the pages of the boards (src/web/boards.d.ts).
 */
function listOfBoards(boards: readonly BoardEntry[]): BunPlugin {
  const imports = boards.map(({ webEntry }, at) => `import page${at} from ${JSON.stringify(webEntry)}`)
  const entries = boards.map(({ name }, at) => `{ name: ${JSON.stringify(name)}, page: page${at} }`)
  const contents = [...imports, `export const BOARDS = [${entries.join(', ')}]`].join('\n')
  return {
    name: 'list of boards',
    setup(build) {
      build.onResolve({ filter: /^virtual:boards$/ }, () => ({ path: 'list', namespace: 'boards' }))
      build.onLoad({ filter: /^list$/, namespace: 'boards' }, () => ({ contents, loader: 'js' }))
    },
  }
}

/**
 * Returns the output files of the first view of a board, which is the first module that its entry loads
 * lazily: its own script and those that it imports.
 */
function firstView(metafile: Bun.BuildMetafile, webEntry: string): readonly string[] {
  const [, entry] = Object.entries(metafile.inputs).find(([path]) => resolve(path) === webEntry) ?? []
  const view = entry?.imports.find(({ kind }) => kind === 'dynamic-import')
  const scripts = new Set(view === undefined ? [] : [view.path])
  // A set that grows while it is walked is walked to its end.
  for (const script of scripts)
    for (const { kind, path } of metafile.outputs[script]?.imports ?? [])
      if (kind === 'import-statement') scripts.add(path)
  return [...scripts]
}

/** Returns the HTML with the scripts preloaded, except those that it loads anyway. */
function preload(html: string, scripts: readonly string[]): string {
  const links = scripts
    .map((script) => join(ASSETS, script))
    .filter((address) => !html.includes(`"${address}"`))
    .map((address) => `<link rel="modulepreload" crossorigin href="${address}">`)
  return html.replace('</head>', `${links.join('')}</head>`)
}
