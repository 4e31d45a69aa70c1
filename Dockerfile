# One image for all ways to run it: alone, with Litestream beside it, as a node of a cluster. Base images are pinned by version;
# Debian's packages are not, since Debian keeps only their newest, with what was mended since.

FROM golang:1.26.8 AS litefs
WORKDIR /build
# This module names LiteFS's version and the sum of everything that is in it.
COPY deploy/build/litefs/go.mod deploy/build/litefs/go.sum ./
RUN CGO_ENABLED=0 go build -mod=readonly -trimpath -buildvcs=false -tags osusergo,netgo \
      -ldflags "-s -w -X main.Version=$(go list -mod=readonly -m -f '{{.Version}}' github.com/superfly/litefs)" \
      -o /build/bin/litefs github.com/superfly/litefs/cmd/litefs

FROM oven/bun:1.4.5-slim AS packages
WORKDIR /app
# Bun reads npm's lock file, and frozen it fails when that does not fit package.json. Left out: tools for developers, and the copies of
# Bun itself for other machines, which are optional packages of the package `bun`; this image has its own.
COPY package.json package-lock.json bunfig.toml ./
RUN bun install --frozen-lockfile --production --ignore-scripts --omit=optional

FROM oven/bun:1.4.5-slim
# fuse3: mounts for LiteFS. ca-certificates: Consul and Redis over TLS. tini, as the first process: it hands signals on and reaps processes that
# lost their parent (serving processes of a supervisor that was killed, helpers of a LiteFS that was), which Bun as the first one would
# leave as zombies. On Fly, whose init is the first process, `-s` has it reap all the same.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates fuse3 tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin dashboard \
 && install -d -o dashboard -g dashboard -m 700 /data /litefs
WORKDIR /app
COPY --from=litefs /build/bin/litefs /usr/local/bin/litefs
# All of it belongs to root: the server cannot change its own program.
COPY --from=packages /app/node_modules ./node_modules
COPY package.json tsconfig.json ./
COPY db ./db
COPY src ./src
COPY deploy/entrypoint.sh deploy/restore.sh deploy/litefs.yml deploy/litefs-compose.yml ./deploy/
ENV NODE_ENV=production \
    DASHBOARD_HOST=0.0.0.0 \
    DASHBOARD_PORT=8080 \
    DASHBOARD_DATA=/data \
    DASHBOARD_LOG_FORMAT=json
# The private ports 20202 (LiteFS) and 20203 (nodes) are for other nodes only, and not to be published.
EXPOSE 8080
# No USER: the first step needs root to give the volume away, and then runs everything as `dashboard`, LiteFS too. Started with
# `--user 10001` it skips that step.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["bun", "-e", "const answer = await fetch(`http://127.0.0.1:${process.env.DASHBOARD_PORT}/health`); process.exit(answer.ok ? 0 : 1)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/tini", "-s", "--", "/app/deploy/entrypoint.sh"]
CMD ["bun", "src/main.ts"]
