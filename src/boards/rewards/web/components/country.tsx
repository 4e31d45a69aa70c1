import { countryName, UNKNOWN_COUNTRY } from '../format.ts'

/** The code of a country on a small plate: some systems have no flags. */
export function CountryPlate({ code }: { readonly code: string }) {
  return (
    <abbr class="plate" title={countryName(code)}>
      {code === UNKNOWN_COUNTRY ? '··' : code}
    </abbr>
  )
}
