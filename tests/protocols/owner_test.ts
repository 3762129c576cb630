import assert from "node:assert/strict";
import { Holdings, ownerOf } from "../../protocols/owner.ts";

function from(address: string): string {
  return ownerOf({ user: undefined, address });
}

Deno.test("ownerOf() is the user, wherever he comes from", () => {
  const user = "ann";
  assert.equal(ownerOf({ user, address: "192.0.2.1:1" }), ownerOf({ user, address: "[::1]:2" }));
  // A name that looks like an address is not that address.
  assert.notEqual(ownerOf({ user: "192.0.2.1", address: "" }), from("192.0.2.1:1"));
  assert.notEqual(ownerOf({ user: "at 192.0.2.1", address: "" }), from("192.0.2.1:1"));
});

Deno.test("ownerOf() is the address of whoever has no name, and not the port", () => {
  assert.equal(from("192.0.2.1:1000"), from("192.0.2.1:2000"));
  assert.notEqual(from("192.0.2.1:1000"), from("192.0.2.2:1000"));
  assert.equal(from("[::ffff:192.0.2.1]:7"), from("192.0.2.1:1000"));
  assert.equal(from("/run/meerkat.sock"), from("/run/meerkat.sock"));
  assert.notEqual(from(""), from("192.0.2.1:1"));
});

Deno.test("ownerOf() takes a network of IPv6 for one, however its addresses are written", () => {
  const same = [
    ["[2001:db8:1:2::1]:7", "[2001:db8:1:2:ffff:1:2:3]:8", "[2001:0DB8:0001:0002::]:9"],
    ["[::1]:7", "[0:0:0:0:1:2:3:4]:7", "[::1:2:3:4]:7"],
    ["[2001:db8::1]:1", "[2001:db8:0:0:5::]:1", "[2001:db8::5:6:7:8]:1"],
    ["[2001:db8::2:5:6:7:8]:1", "[2001:db8:0:2::]:1"],
    ["[fe80::1%eth0]:1", "[fe80::2%eth0]:1"],
  ];
  for (const each of same) {
    assert.equal(new Set(each.map(from)).size, 1, `${each.map((one) => from(one))}`);
  }
  assert.equal(new Set(same.map(([first]) => from(first!))).size, same.length);
});

Deno.test("Holdings know what each has and what all have, and forget who has nothing", () => {
  const holdings = new Holdings();
  holdings.add("ann", 1, 10);
  holdings.add("bob", 2, 5);
  holdings.add("ann", 1, -4);
  assert.deepEqual(holdings.of("ann"), { owner: "ann", count: 2, bytes: 6 });
  assert.equal(holdings.bytes, 11);
  holdings.add("ann", -2, -6);
  assert.deepEqual(holdings.of("ann"), { owner: "ann", count: 0, bytes: 0 });
  assert.equal(holdings.size, 1);
});
