import { describe, expect, it } from 'vitest';
import type { DirtyHub } from '../../src/mmu/dirty-hub.ts';
import { runHubModel } from '../mmu/hub-model.ts';
import type { HubMethod } from '../mmu/hub-model.ts';
import type { TestMachine } from '../mmu/support.ts';

// The known ways to get the hub wrong, each built into a machine of the MMU: the model must find it.

const marksOf = ({ views }: DirtyHub, gfn: number): number => views.armed[views.places.of(gfn)]!;

function setMarks({ views }: DirtyHub, gfn: number, marks: number): void {
  views.armed[views.places.of(gfn)] = marks;
}

interface Mistake {
  readonly mistake: string;
  readonly only?: HubMethod;
  readonly build: (m: TestMachine) => void;
}

const MISTAKES: readonly Mistake[] = [
  {
    mistake: 'arming by one arms for everyone',
    build: ({ tracking, hub, physical }) => {
      const rearm = tracking.rearm.bind(tracking);
      tracking.rearm = (gfns, count) => {
        rearm(gfns, count);
        for (let i = 0; i < count; i++) if (marksOf(hub, gfns[i]!) !== 0) setMarks(hub, gfns[i]!, physical.views.consumers);
      };
    },
  },
  {
    mistake: 'arming arms the hardware and marks nobody',
    build: ({ tracking, hub }) => {
      tracking.rearm = (gfns, count) => {
        for (let i = 0; i < count; i++) if (hub.tracking.isArmable(gfns[i]!)) hub.tracking.arm(gfns[i]!);
        hub.tracking.dropWrites(gfns, count);
      };
    },
  },
  {
    mistake: 'a page that another has armed is not marked for this one',
    build: ({ tracking, hub }) => {
      const rearm = tracking.rearm.bind(tracking);
      tracking.rearm = (gfns, count) => {
        const unarmed = Array.from({ length: count }, (_, i) => gfns[i]!).filter((gfn) => marksOf(hub, gfn) === 0);
        rearm(unarmed, unarmed.length);
      };
    },
  },
  {
    mistake: 'arming without collecting first: a store that came before is told as one after it',
    only: 'pml',
    build: ({ tracking, hub }) => {
      const rearm = tracking.rearm.bind(tracking);
      const { drainAll } = hub;
      tracking.rearm = (gfns, count) => {
        hub.drainAll = () => {};
        rearm(gfns, count);
        hub.drainAll = drainAll.bind(hub);
      };
    },
  },
  {
    mistake: 'only the first consumer hears',
    build: ({ hub }) => {
      hub.guestDirty = (vcpu, gfn) => {
        if (marksOf(hub, gfn) !== 0) hub.tell(1, vcpu, gfn);
        setMarks(hub, gfn, 0);
      };
    },
  },
  {
    mistake: 'all who have started hear, armed or not',
    build: ({ hub }) => {
      hub.guestDirty = (vcpu, gfn) => {
        setMarks(hub, gfn, 0);
        hub.tell(hub.views.consumers, vcpu, gfn);
      };
    },
  },
  {
    mistake: 'the marks stay after they were told',
    build: ({ hub }) => {
      hub.guestDirty = (vcpu, gfn) => hub.tell(marksOf(hub, gfn), vcpu, gfn);
    },
  },
  {
    mistake: 'tracking ends with the first that stops',
    build: ({ tracking, hub }) => {
      const disable = tracking.disable.bind(tracking);
      tracking.disable = () => {
        disable();
        hub.tracking.switchOff();
      };
    },
  },
  {
    mistake: 'who stops leaves its marks',
    build: ({ tracking, hub }) => {
      tracking.disable = () => {
        hub.drainAll();
        hub.views.consumers &= ~1;
        if (!hub.views.tracking) hub.tracking.switchOff();
      };
    },
  },
  {
    mistake: 'what another thread drained reaches only its own consumer',
    only: 'pml',
    build: ({ hub }) => {
      hub.deliverOwed = () => {
        hub.views.owedLength = 0;
      };
    },
  },
  {
    mistake: 'host-side writes are told to the first consumer alone',
    build: ({ hub, sink, tracking }) => {
      hub.hostDirty = (gfn) => {
        if (tracking.enabled) sink.hostDirty(gfn);
      };
    },
  },
];

const cases = (['write-protect', 'pml'] as const).flatMap((method) =>
  MISTAKES.filter(({ only }) => only === undefined || only === method).map((mistake) => ({ method, ...mistake })),
);

describe.each(cases)('$mistake, $method', ({ method, build }) => {
  it('is found', () => {
    expect(() => runHubModel(method, 3, build)).toThrow(/consumer \d heard|marks \d/);
  });
});

it.each(['write-protect', 'pml'] as const)('is not there otherwise, %s', (method) => {
  runHubModel(method, 3);
});
