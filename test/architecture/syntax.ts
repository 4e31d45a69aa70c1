import { resolve } from 'node:path'
import type { Node, SourceFile as SyntaxTree } from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/async'
import { ROOT } from './source-files.ts'

export type { Node, SyntaxTree }

let trees: Promise<ReadonlyMap<string, SyntaxTree>> | null = null

/**
 * Returns the syntax tree of every TypeScript file of ours that tsconfig.json names, by path from the
 * project's root. They are read once for all tests of a run.
 */
export function readSyntax(): Promise<ReadonlyMap<string, SyntaxTree>> {
  trees ??= readTrees()
  return trees
}

async function readTrees(): Promise<ReadonlyMap<string, SyntaxTree>> {
  const api = new API({ cwd: ROOT })
  try {
    const snapshot = await api.updateSnapshot({ openProjects: [resolve(ROOT, 'tsconfig.json')] })
    const trees = new Map<string, SyntaxTree>()
    for (const project of snapshot.getProjects()) {
      for (const name of project.rootFiles) {
        const tree = await project.program.getSourceFile(name)
        if (tree !== undefined) trees.set(resolve(name).slice(ROOT.length + 1), tree)
      }
    }
    return trees
  } finally {
    await api.close()
  }
}

/** Calls `visit` for every node below `node`, parents before their children. */
export function walk(node: Node, visit: (node: Node) => void): void {
  node.forEachChild((child) => {
    visit(child)
    walk(child, visit)
  })
}

/** Returns a function that gives the line (from 0) on which a position of the text lies. */
export function lineFinder(text: string): (position: number) => number {
  const ends = [...text.matchAll(/\n/g)].map((match) => match.index)
  return (position) => {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle] ?? 0) < position) low = middle + 1
      else high = middle
    }
    return low
  }
}
