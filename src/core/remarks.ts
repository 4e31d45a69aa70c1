/** What has been said of a trouble, so that one that lasts is a line of the log and not a line a moment. */
export type Remarks = {
  /** Whether this was not said yet; from now on it was. */
  isNew(remark: string): boolean
  /** The trouble is over; answers whether there was any. */
  over(): boolean
}

/** More than troubles that last at the same time; beyond, they are said again. */
const MOST = 64

export function createRemarks(): Remarks {
  const said = new Set<string>()
  return {
    isNew(remark) {
      if (said.has(remark)) return false
      if (said.size >= MOST) said.clear()
      said.add(remark)
      return true
    },
    over() {
      const wasTrouble = said.size > 0
      said.clear()
      return wasTrouble
    },
  }
}
