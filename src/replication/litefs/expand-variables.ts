/**
 * Returns a text with its variables expanded, as LiteFS does it in its configuration file: `$NAME`,
 * `${NAME}`, and comparisons with a quoted text, `${NAME == "text"}` or `!=`, which become `true` or `false`.
 * A variable that is not set is empty. (LiteFS's documentation, "Variable expansion".)
 */
export function expandVariables(
  text: string,
  environment: { readonly [name: string]: string | undefined },
): string {
  const given = (name: string) => environment[name] ?? ''
  return text.replace(VARIABLE, (_all, braced?: string, bare?: string) => {
    if (bare !== undefined) return given(bare)
    const inner = (braced ?? '').trim()
    const comparison = /^(\w+)\s*(==|!=)\s*(?:'(.*)'|"(.*)"|(\w+))$/.exec(inner)
    if (comparison === null) return given(inner)
    const [, name = '', operator, single, double, variable] = comparison
    const other = single ?? double ?? given(variable ?? '')
    return String(operator === '==' ? given(name) === other : given(name) !== other)
  })
}

/**
 * As Go's os.Expand finds them: the special variables of a shell (`$$`, `$1`) are variables too, and never
 * set.
 */
const VARIABLE = /\$(?:\{([^}]*)\}|([A-Za-z_]\w*|[*#$@!?0-9-]))/g
