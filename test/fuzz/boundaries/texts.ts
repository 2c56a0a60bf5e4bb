import fc from 'fast-check'
import { defineBoundary } from '../boundary.ts'
import { mutated } from '../mutate.ts'
import { readers } from '../readers.ts'

const texts = [
  '<https://api.example.com/v1/items?page=2>; rel="next"; title="a, b; c", <x>; rel=last',
  'Digest realm="a\\"b", qop="auth,auth-int", nonce="n", algorithm=SHA-256-sess, stale=true, Basic realm=x',
  'Bearer error="invalid_token", error_description="The token expired", scope="a b"',
  'limit=100, remaining=50, reset=30',
  '"default";r=50;t=30, "day";r=0;t=80000',
  '0, 14523',
  '120',
  '1h6m0.5s',
  'Wed, 21 Oct 2015 07:28:00 GMT',
  'Wednesday, 21-Oct-15 07:28:00 GMT',
  '{"access_token":"t","token_type":"bearer","expires_in":3600,"scope":"a b","id_token":"eyJ.eyJzdWIiOiJ4In0.x"}',
  '{"error":{"code":"invalid_grant","message":"no"},"errors":[{"detail":"x"}]}',
  'access_token=t&token_type=bearer&expires_in=3600',
  `eyJ.${Buffer.from('{"sub":"x","scope":["a"],"exp":1}').toString('base64url')}.x`,
  '<!doctype html><title>Sign in</title><script>var x</script><p>Please</p>',
  '<?xml version="1.0" encoding="utf-8"?><!-- a --><r><i a="1">x &amp; y</i><i><![CDATA[<]]></i></r>',
  '{"data":[{"id":1,"a":{"b":[1,2.5e3,null]}},{"id":2}],"next":"x","meta":{"total":2}}',
  '[{"id":1},{"id":9007199254740993}]',
  '{"id":1}\n{"id":2}\r\n\n{"id":3}',
  '{"data":[{"a":NaN},{"a":-Infinity}]}',
  '2024-02-29T12:30:15.123456789+05:30',
  '20240131T100000Z',
  'Mon, 05 Feb 2024 10:00:00 +0100 (CET)',
  '/Date(1700000000000+0100)/',
  'Thursday, 1-Feb-2024 01:02:03.5 PM +0100',
  '1700000000.123456',
  '-12.340e-5',
  'P1DT2H3.5S',
  'Zm9vYg==',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
]

const words = ['rel=', '; ', 'GMT', '+99:99', 'T24:00:60', '-0', 'e9999', 'e-9999', '&#x110000;', '&#0;', '</i>', ']]>']

export const outsideTexts = defineBoundary({
  name: 'headers, answers, tokens, times and numbers, each read as everything that reads texts',
  runs: 12_000,
  input: fc.record({ reader: fc.constantFrom(...Object.keys(readers)), text: mutated(texts, words) }),
  open:
    () =>
    ({ reader, text }) =>
      readers[reader]?.(text),
})
