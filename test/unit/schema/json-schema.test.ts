import { expect } from 'chai';
import { Type } from 'typebox';
import { z } from 'zod';
import { Api, defineApi } from '../../../lib/definition/api.js';
import { Event } from '../../../lib/definition/event.js';
import { Parameter } from '../../../lib/definition/parameter.js';
import { InvalidConfiguration } from '../../../lib/errors.js';
import { exportApi, parametersSchema } from '../../../lib/schema/json-schema.js';
import { stableJson } from '../../../lib/schema/stable-json.js';
import { exportOf } from './support.js';

class AuthApi extends Api {
  static meta = { name: 'auth' } as const;
  user_updated = new Event({
    parameters: {
      username: Type.String(),
      new_email: Type.String({ format: 'email' }),
      is_admin: new Parameter(Type.Boolean(), { default: false }),
      note: Type.Optional(Type.Object({ text: Type.String(), more: Type.Optional(Type.Null()) })),
    },
  });
  user_created = new Event({ parameters: ['username', 'email'] });
  user_seen = new Event();
  _private = new Event({ parameters: 'x' });
}

const EXPECTED = `{
  "auth": {
    "events": {
      "user_created": {
        "parameters": {
          "$schema": "http://json-schema.org/draft-07/schema#",
          "additionalProperties": false,
          "properties": {
            "email": {},
            "username": {}
          },
          "required": [
            "username",
            "email"
          ],
          "title": "Event auth.user_created parameters",
          "type": "object"
        }
      },
      "user_seen": {
        "parameters": {
          "$schema": "http://json-schema.org/draft-07/schema#",
          "additionalProperties": false,
          "properties": {},
          "title": "Event auth.user_seen parameters",
          "type": "object"
        }
      },
      "user_updated": {
        "parameters": {
          "$schema": "http://json-schema.org/draft-07/schema#",
          "additionalProperties": false,
          "properties": {
            "is_admin": {
              "default": false,
              "type": "boolean"
            },
            "new_email": {
              "format": "email",
              "type": "string"
            },
            "note": {
              "properties": {
                "more": {
                  "type": "null"
                },
                "text": {
                  "type": "string"
                }
              },
              "required": [
                "text"
              ],
              "type": "object"
            },
            "username": {
              "type": "string"
            }
          },
          "required": [
            "username",
            "new_email"
          ],
          "title": "Event auth.user_updated parameters",
          "type": "object"
        }
      }
    },
    "rpcs": {}
  }
}
`;

function schemaOf(schema: object): unknown {
  class OneApi extends Api {
    static meta = { name: 'one' } as const;
    happened = new Event({ parameters: { value: schema } });
  }
  const [event] = defineApi(OneApi).events.values();
  if (event === undefined) throw new Error('no event');
  return (parametersSchema(event).properties as { value: unknown }).value;
}

describe('The exported schema', () => {
  it("is Lightbus's, byte for byte", () => {
    expect(stableJson({ auth: exportApi(defineApi(AuthApi)) })).to.equal(EXPECTED);
  });

  it("holds nothing of TypeBox's own, and everything that users named so", () => {
    const schema = {
      type: 'object',
      '~kind': 'Object',
      properties: { '~mine': { '~kind': 'String', const: { '~data': 1 } } },
    };
    expect(schemaOf(schema)).to.deep.equal({ type: 'object', properties: { '~mine': { const: { '~data': 1 } } } });
  });

  it('is draft-07 of a schema of another library', () => {
    expect(schemaOf(z.tuple([z.email().max(9)]))).to.deep.include({ type: 'array', minItems: 1, maxItems: 1 });
    expect(schemaOf(z.tuple([z.string()]))).to.deep.include({ items: [{ type: 'string' }] });
  });

  it('has no names of groups in its patterns, which Python writes in another way', () => {
    const schema = {
      type: 'object',
      properties: { day: { pattern: '^(?<year>\\d{4})-(?<!x)[(?<a>]\\(?<b>$' }, twice: { pattern: '(?<a>.)\\k<a>' } },
      patternProperties: { '^(?<kind>[ab])_': true },
    };
    expect(exportOf(schema))
      .to.have.nested.property('properties.value')
      .that.deep.includes({
        properties: { day: { pattern: '^(\\d{4})-(?<!x)[(?<a>]\\(?<b>$' }, twice: { pattern: '(?<a>.)\\k<a>' } },
        patternProperties: { '^([ab])_': true },
      });
  });

  it('cannot hold what JSON cannot', () => {
    const cycle: { type: string; not?: object } = { type: 'object' };
    cycle.not = cycle;
    expect(() => schemaOf(cycle)).to.throw(InvalidConfiguration, 'API "one", event "happened", parameter "value"');
    expect(() => schemaOf(z.date())).to.throw(InvalidConfiguration, 'parameter "value"');
  });

  it('has its keys sorted as text at every depth', () => {
    expect(stableJson({ b: [{ 10: 1, 9: 2 }], a: undefined, B: {} })).to.equal(
      '{\n  "B": {},\n  "b": [\n    {\n      "10": 1,\n      "9": 2\n    }\n  ]\n}\n',
    );
  });
});
