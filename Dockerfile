# A node in a container: the store lies in /data, HTTP is served on 7070.
#
#     docker build --tag allsource .
#     docker run --publish 7070:7070 --volume orders:/data allsource

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# `prepare` and its like are for working on allsource; the database's own script only picks what was built before.
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production \
    ALLSOURCE_DATA=/data \
    ALLSOURCE_HOST=0.0.0.0
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY event ./event
COPY client ./client
COPY store ./store
COPY cluster ./cluster
COPY operators ./operators
COPY topology ./topology
COPY actors ./actors
COPY runtime ./runtime
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 7070
# Ready is a node that is open, can write, and runs its topologies; the first start after a crash may take a while.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:7070/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "runtime/ops/allsource.mjs"]
CMD ["start"]
