// An authorization server nobody here wrote (npm oidc-provider), in memory, on a free loopback
// port. Prints one JSON object a line: first {"issuer"}, then what happened.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const deps = createRequire(new URL('../../.deps/npm/package.json', import.meta.url));
const { Provider } = await import(pathToFileURL(deps.resolve('oidc-provider')));

const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
// The server's own advice for production goes to stdout otherwise.
for (const level of ['log', 'info', 'warn']) console[level] = console.error;

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

const client = (client_id, token_endpoint_auth_method, client_secret) => ({
  client_id,
  client_secret,
  token_endpoint_auth_method,
  // A native app: any port of the loopback address (RFC 8252 section 7.3).
  application_type: 'native',
  redirect_uris: ['127.0.0.1', 'localhost', '[::1]'].map((host) => `http://${host}/callback`),
  grant_types: ['authorization_code', 'refresh_token', DEVICE],
  response_types: ['code'],
});

const configuration = {
  clients: [
    client('public', 'none'),
    client('basic', 'client_secret_basic', process.env.BASIC_SECRET),
    client('post', 'client_secret_post', process.env.POST_SECRET),
    {
      client_id: 'inspector',
      client_secret: 'inspector-secret',
      redirect_uris: [],
      response_types: [],
      grant_types: [],
    },
  ],
  features: {
    deviceFlow: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true, allowedPolicy: (ctx, asking, token) => token.clientId === asking.clientId },
  },
  pkce: { required: () => true },
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email'] },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, email: `${id}@example.org` }),
  }),
  issueRefreshToken: (_ctx, asking) => asking.grantTypeAllowed('refresh_token'),
  expiresWithSession: () => false,
  rotateRefreshToken: () => true,
  ttl: { AccessToken: 3600, RefreshToken: 86400, Grant: 86400, Session: 3600, Interaction: 600, DeviceCode: 600 },
  cookies: { keys: ['only-for-tests'] },
};

// A refresh is answered late, so that callers who do not wait for each other meet here.
const LATE = Number(process.env.REFRESH_LATE_MS ?? 0);
async function slowRefresh(ctx, next) {
  await next();
  if (ctx.oidc?.params?.grant_type === 'refresh_token') await new Promise((done) => setTimeout(done, LATE));
}

// Polls for a device's tokens meet whatever DEVICE_STORM is seeded with: the server's own answer, a request to
// slow down, no answer at all. After a few the person approves. Each poll is told with its time.
let seed = BigInt(process.env.DEVICE_STORM ?? 0);
function below(limit) {
  seed = (seed * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
  return Number((seed >> 33n) % BigInt(limit));
}
const left = new Map();
async function approve(ctx, code) {
  const { provider } = ctx.oidc;
  const device = await provider.DeviceCode.find(code);
  const grant = new provider.Grant({ accountId: 'ada', clientId: device.clientId });
  grant.addOIDCScope(device.params.scope);
  Object.assign(device, {
    accountId: 'ada',
    grantId: await grant.save(),
    scope: device.params.scope,
    authTime: Math.floor(Date.now() / 1000),
    claims: {},
  });
  await device.save();
}
async function storm(ctx, next) {
  if (!process.env.DEVICE_STORM) return next();
  const at = Number(process.hrtime.bigint() / 1000n);
  await next();
  if (ctx.path === '/device/auth' && ctx.body?.device_code) {
    ctx.body.interval = 1;
    left.set(ctx.body.device_code, 1 + below(3));
  }
  const { grant_type: grant, device_code: code } = ctx.oidc?.params ?? {};
  if (ctx.path !== '/token' || grant !== DEVICE || !left.has(code)) return undefined;
  let answer = ctx.body?.error ?? 'tokens';
  if (answer === 'authorization_pending') {
    const draw = below(6);
    if (draw === 0) {
      answer = 'slow_down';
      ctx.body = { error: answer };
    } else if (draw === 1) {
      answer = 'none';
      ctx.respond = false;
      ctx.req.socket.destroy();
    }
    left.set(code, left.get(code) - 1);
    if (left.get(code) === 0) await approve(ctx, code);
  }
  tell({ event: 'poll', code: code.slice(0, 8), at, answer });
  return undefined;
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  provider.use(slowRefresh);
  provider.use(storm);
  for (const event of ['access_token.issued', 'refresh_token.saved', 'refresh_token.consumed', 'grant.revoked']) {
    provider.on(event, () => tell({ event }));
  }
  for (const event of ['grant.error', 'authorization.error', 'device_authorization.error', 'revocation.error', 'server_error']) {
    provider.on(event, (_ctx, error) => tell({ event, error: error.message, detail: error.error_detail ?? null }));
  }
  server.on('request', provider.callback());
  tell({ issuer });
});
