import { countryName, UNKNOWN_COUNTRY } from '../format.ts'

/** A country's code as a small plate; fonts without flags show the same everywhere. */
export function CountryPlate({ code }: { readonly code: string }) {
  return (
    <abbr class="plate" title={countryName(code)}>
      {code === UNKNOWN_COUNTRY ? '··' : code}
    </abbr>
  )
}
