// Who may do what to a page (SDM vol. 3, "Determination of Access Rights").

import { TlbContext } from '../access.ts';
import { TlbInfo } from '../tlb-layout.ts';
import type { PagingControls } from './paging-mode.ts';

/**
 * What `context` may do, as READABLE, WRITABLE and EXECUTABLE of TlbInfo. `user` and `writable`: U/S and R/W set in every
 * entry of the walk; `xd`: XD set in any.
 */
export function rightsOf(controls: PagingControls, user: boolean, writable: boolean, xd: boolean, context: number): number {
  if (context === TlbContext.USER) {
    return user ? TlbInfo.READABLE | (writable ? TlbInfo.WRITABLE : 0) | (xd ? 0 : TlbInfo.EXECUTABLE) : 0;
  }
  const execute = xd || (user && controls.smep) ? 0 : TlbInfo.EXECUTABLE;
  if (user && controls.smap && context === TlbContext.SUPERVISOR) return execute;
  return execute | TlbInfo.READABLE | (writable || !controls.wp ? TlbInfo.WRITABLE : 0);
}
