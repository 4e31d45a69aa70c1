/** How to fill an empty network with recorded traffic. */
export function ReplayHint() {
  return (
    <section class="panel hint" aria-labelledby="hint-title">
      <h2 id="hint-title">No devices yet</h2>
      <p>
        Make this tab the first device, or replay two weeks of real nodes that come and go: in a second
        terminal on the machine of the server, run
      </p>
      <pre>
        <code>npm run replay -- ../shared/data/node-churn.csv.gz --speed 60</code>
      </pre>
    </section>
  )
}
