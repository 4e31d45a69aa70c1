import { join } from 'node:path'
import { ASSETS, type PageFile } from './pages.ts'

/**
 * Bundles the web page from its sources: minified scripts and styles under hashed names, and the HTML that
 * names them. Rejects when it does not build.
 */
export async function bundlePage(entry: string): Promise<readonly PageFile[]> {
  const built = await Bun.build({
    entrypoints: [entry],
    target: 'browser',
    minify: true,
    splitting: true,
    publicPath: ASSETS,
    naming: { chunk: '[name]-[hash].[ext]', asset: '[name]-[hash].[ext]' },
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  return Promise.all(
    built.outputs.map(async (output) => {
      const name = output.path.replace(/^\.?\//, '')
      const isPage = output.kind === 'entry-point' && name.endsWith('.html')
      return {
        path: isPage ? '/' : join(ASSETS, name),
        type: output.type,
        bytes: new Uint8Array(await output.arrayBuffer()),
        hashed: !isPage,
      }
    }),
  )
}
