/** How to fill an empty network with real traffic. */
export function ReplayHint() {
  return (
    <section class="panel hint" aria-labelledby="hint-title">
      <h2 id="hint-title">Nobody has been here yet</h2>
      <p>
        Make this tab the first device, or play two weeks of real nodes coming and going. In a second
        terminal, beside the server:
      </p>
      <pre>
        <code>npm run replay -- ../shared/data/node-churn.csv.gz --speed 60</code>
      </pre>
    </section>
  )
}
