import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Reader } from 'mmdb-lib'
import { fail, ok, type Result } from '../../../core/result.ts'
import { readAddress } from './address.ts'

/**
 * The country of an address as ISO 3166-1 alpha-2, an estimate; null when it is private or the table does not
 * know it.
 */
export type CountryLookup = (address: string) => string | null

/**
 * Opens a country table in MMDB form; without a path the bundled one (ip-location-db's geo-whois-asn-country,
 * CC0, 8 MB in memory: load it once, in the serving process). Tables that say `country_code` and those that
 * say `country.iso_code` both work. The error is a sentence that names the file.
 */
export function openCountries(path: string | null): Result<CountryLookup, string> {
  const file = path ?? fileURLToPath(import.meta.resolve(BUNDLED))
  try {
    const reader = new Reader(readFileSync(file))
    return ok((text) => {
      const address = readAddress(text)
      return address?.isPublic ? countryOf(reader.get(address.address)) : null
    })
  } catch (error) {
    return fail(
      `The country table ${file} cannot be read (${error instanceof Error ? error.message : String(error)}): name an MMDB file in DASHBOARD_COUNTRY_FILE, or unset it for the bundled one.`,
    )
  }
}

const BUNDLED = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'

function countryOf(record: unknown): string | null {
  return code(field(record, 'country_code')) ?? code(field(field(record, 'country'), 'iso_code'))
}

function field(record: unknown, name: 'country_code' | 'country' | 'iso_code'): unknown {
  return typeof record === 'object' && record !== null ? Reflect.get(record, name) : undefined
}

function code(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Z]{2}$/.test(value) ? value : null
}
