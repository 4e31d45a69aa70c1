/**
 * A program that is made of a Go module of ours, `deploy/build/NAME`, which names its version and the sums
 * of all that is in it.
 */
export type Program = {
  readonly name: 'litefs' | 'consul'
  /** The variable that names a program to use instead. */
  readonly variable: string
  readonly module: string
  readonly package: string
  /** How long a first build takes on two cores, in words. */
  readonly patience: string
}

export const LITEFS: Program = {
  name: 'litefs',
  variable: 'DASHBOARD_LITEFS_BINARY',
  module: 'github.com/superfly/litefs',
  package: 'github.com/superfly/litefs/cmd/litefs',
  patience: 'about a minute',
}

export const CONSUL: Program = {
  name: 'consul',
  variable: 'CONSUL_BINARY',
  module: 'github.com/hashicorp/consul',
  package: 'github.com/hashicorp/consul',
  patience: 'about six minutes',
}
