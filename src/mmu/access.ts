// What kind of access is translated, for whom, and what came of it. Plain numbers, so that the miss path allocates nothing.

/** What the access does to the page. */
export const Access = { READ: 0, WRITE: 1, FETCH: 2 } as const;

/**
 * Who asks for a page at the write door. FETCH never writes; it is there so that one word names every access source.
 * DATA: a store of the guest. WALK: an A/D update by the page walk. HOST: a device, a loader, a debugger or the API.
 */
export const AccessSource = { FETCH: 0, DATA: 1, WALK: 2, HOST: 3 } as const;
export type AccessSource = (typeof AccessSource)[keyof typeof AccessSource];

/**
 * Under whose rights a translation was cached. SUPERVISOR_AC is supervisor mode with EFLAGS.AC = 1, to which SMAP does not
 * apply (SDM vol. 3, "Determination of Access Rights"). Implicit supervisor accesses use SUPERVISOR.
 * Fetches have entries of their own, so that no data access evicts the page that is executed. How often an engine looks its code
 * up then does not matter to the guest's A bits.
 */
export const TlbContext = { SUPERVISOR: 0, USER: 1, SUPERVISOR_AC: 2, FETCH_SUPERVISOR: 3, FETCH_USER: 4 } as const;

/** By context, under whose rights its entries are checked. */
export const RIGHTS_OF = [
  TlbContext.SUPERVISOR,
  TlbContext.USER,
  TlbContext.SUPERVISOR_AC,
  TlbContext.SUPERVISOR,
  TlbContext.USER,
] as const;

/** Results of a translation other than a host offset. */
export const MMIO = -1;
export const FAULT = -2;

/** No page of RAM there. */
export const NOT_BACKED = -1;
