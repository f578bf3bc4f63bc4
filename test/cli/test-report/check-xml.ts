// Reads XML of the simple kind that reports are: elements, attributes, text, the five entities and numbered characters. Throws for what
// is not well-formed, or holds a character that XML 1.0 does not allow.

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const TOKEN = /<\?[^?]*\?>|<\/([\w-]+)>|<([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const ILLEGAL = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function decoded(text: string): string {
  return text.replace(/&(?:#(\d+);|(\w+);)?/g, (whole, number?: string, name?: string) => {
    const character = number === undefined ? ENTITIES[name ?? ''] : String.fromCodePoint(Number(number));
    if (character === undefined) throw new Error(`no entity: ${whole}`);
    return character;
  });
}

export function checkXml(xml: string): XmlElement {
  const illegal = ILLEGAL.exec(xml);
  if (illegal) throw new Error(`a character that XML cannot hold, at ${illegal.index}`);
  const top: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [top];
  let end = 0;
  for (const [whole, closing, opening, attributes = '', slash, text] of xml.matchAll(TOKEN)) {
    end += whole.length;
    const parent = open.at(-1)!;
    if (closing !== undefined && open.pop()!.name !== closing) throw new Error(`</${closing}> closes nothing`);
    if (text !== undefined) parent.text += decoded(text);
    if (opening === undefined) continue;
    const pairs = [...attributes.matchAll(/ ([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, decoded(value!)] as const);
    const element = { name: opening, attributes: Object.fromEntries(pairs), children: [], text: '' };
    if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new Error(`an attribute of ${opening} is there twice`);
    parent.children.push(element);
    if (slash === '') open.push(element);
  }
  if (end < xml.length) throw new Error(`not well-formed at ${end}: ${xml.slice(end, end + 40)}`);
  if (open.length !== 1 || top.children.length !== 1) throw new Error('not one element, closed');
  return top.children[0]!;
}
