import { customType } from 'drizzle-orm/sqlite-core'

/**
 * A 64-bit integer that is a bigint in code, such as micropoints. Read it through `prepareSelect`
 * (src/storage/sqlite/prepare.ts), which switches its statement to exact integers; an ad hoc Drizzle query
 * gets a JavaScript number from the driver and throws here if that may have been rounded, rather than return
 * a value that is slightly wrong.
 */
export const exactInteger = customType<{ data: bigint; driverData: bigint | number }>({
  dataType: () => 'integer',
  toDriver: (value) => (BigInt.asIntN(64, value) === value ? value : outOfRange(value)),
  fromDriver: (value) => {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) return outOfRange(value)
    return BigInt(value)
  },
})

function outOfRange(value: bigint | number): never {
  throw new RangeError(`${value} cannot be held exactly; see db/schema/columns.ts`)
}
