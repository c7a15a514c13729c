/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Takes from this process all that it doesn't need, as far as the system can: every descriptor but
 * those of the protocol, memory beyond a limit, other files, programs, processes, the network. What
 * can't be taken is left: the core has limits of its own. */
void esp_hdf5_sandbox_enter (void);
/* whether this build has all fences: one with sanitizers hasn't */
int esp_hdf5_sandbox_is_whole (void);
