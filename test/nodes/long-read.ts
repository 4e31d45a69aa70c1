// Holds a read transaction on a database, as a person's shell or a report might: `bun long-read.ts FILE`,
// until its input ends.
import { Database } from 'bun:sqlite'

const [file = ''] = process.argv.slice(2)
const database = new Database(file, { readonly: true })
database.run('BEGIN')
const count = () => database.query<{ n: number }, []>('SELECT count(*) AS n FROM journal').get()?.n
const first = count()
console.log('holding')
for await (const _ of Bun.stdin.stream()) {
  // Nothing is said to it; only the end counts.
}
if (count() !== first) throw new Error('this was no transaction')
database.run('COMMIT')
