module dashboard-server/deploy/build/consul

go 1.22

require github.com/hashicorp/consul v1.19.2

replace github.com/hashicorp/raft-autopilot => github.com/hashicorp/raft-autopilot v0.2.0
