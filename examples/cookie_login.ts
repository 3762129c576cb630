/**
 * A login by a form, remembered in a cookie.
 *
 *   deno run -A examples/cookie_login.ts
 *
 * Open http://127.0.0.1:8080/ and log in as ann, whose password is sesame. Or:
 *
 *   curl -c jar -d 'user=ann&password=sesame' http://127.0.0.1:8080/login
 *   curl -b jar http://127.0.0.1:8080/
 *
 * Try: a wrong password; the page in another browser; the cookie after logging out.
 */
import { timingSafeEqual } from "node:crypto";
import { deleteCookie, escapeHtml, gateway, getCookies, http, setCookie, tcp } from "../mod.ts";

const COOKIE = "session";
/** An hour, in seconds. */
const MAX_AGE = 3600;

/** Sessions at the same time. One more ends the oldest, so that logins cannot fill the memory. */
const MAX_SESSIONS = 10_000;

const FORM = `<!doctype html><meta charset="utf-8"><title>Log in</title>
<form method="post" action="/login">
  <p><label>User <input name="user" autofocus></label>
  <p><label>Password <input name="password" type="password"></label>
  <p><button>Log in</button>
</form>`;

/** Who is logged in, by the name of the session. */
export class Sessions {
  /** The oldest first, since all last equally long. */
  readonly #all = new Map<string, { user: string; until: number }>();

  constructor(readonly max = MAX_SESSIONS, readonly now: () => number = Date.now) {}

  get size(): number {
    return this.#all.size;
  }

  begin(user: string): string {
    for (const [id, { until }] of this.#all) {
      if (until > this.now() && this.#all.size < this.max) break;
      this.#all.delete(id);
    }
    // A new name for each login, so that a name which somebody planted in a browser is worth
    // nothing.
    const id = crypto.randomUUID();
    this.#all.set(id, { user, until: this.now() + MAX_AGE * 1000 });
    return id;
  }

  userOf(id: string): string | undefined {
    const session = this.#all.get(id);
    return session && session.until > this.now() ? session.user : undefined;
  }

  end(id: string): void {
    this.#all.delete(id);
  }
}

export async function main(options = { port: 8080, users: new Map([["ann", "sesame"]]) }) {
  const hub = gateway();
  const sessions = new Sessions();
  const idOf = (request: Request) => getCookies(request.headers)[COOKIE] ?? "";

  hub.handle("/", {
    GET(request) {
      const user = sessions.userOf(idOf(request));
      if (user === undefined) return page(FORM);
      return page(`<!doctype html><meta charset="utf-8"><p>Hello, ${escapeHtml(user)}!
<form method="post" action="/logout"><button>Log out</button></form>`);
    },
  });
  hub.handle("/login", {
    async POST(request) {
      const form = await request.formData().catch(() => undefined);
      if (form === undefined) return page(FORM, 400);
      const user = String(form.get("user")), right = options.users.get(user) ?? "";
      if (right === "" || !isSame(String(form.get("password")), right)) return page(FORM, 401);
      const headers = new Headers({ location: "/" });
      const rest = { httpOnly: true, sameSite: "Lax", path: "/", maxAgeSeconds: MAX_AGE } as const;
      setCookie(headers, { name: COOKIE, value: sessions.begin(user), ...rest });
      return new Response(null, { status: 303, headers });
    },
  });
  hub.handle("/logout", {
    POST(request) {
      sessions.end(idOf(request));
      const headers = new Headers({ location: "/" });
      deleteCookie(headers, COOKIE, { path: "/" });
      return new Response(null, { status: 303, headers });
    },
  });

  const { port } = await hub.listen(tcp({ port: options.port }), http()).ready;
  console.log(`Log in at http://127.0.0.1:${port}/`);
  return { hub, port };
}

function page(html: string, status = 200): Response {
  const headers = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" };
  return new Response(html, { status, headers });
}

/** Compares in a time that does not tell how much of the password was right. */
function isSame(given: string, right: string): boolean {
  const encoder = new TextEncoder(), a = encoder.encode(given), b = encoder.encode(right);
  return a.length === b.length && timingSafeEqual(a, b);
}

if (import.meta.main) await main();
