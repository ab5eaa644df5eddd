"""From a running machine back to the moment of the reservation.

The model on one page
=====================
memblock hands out the topmost place that fits. So a boot fills memory from the top (and, for what devices reach, from
the DMA limit) downward, and what lies lowest came last. What a boot allocates, in this order:

====================================  ======================================  =========================================
allocation                            where                                   what is known of it
====================================  ======================================  =========================================
firmware, image, initrd, reserved     anywhere; never moves                   listed; a log names few
KFENCE pool, page tables              top of memory                           by command line and configuration, or by
                                                                              what lies at the top (`paging`)
device tree, data of nodes            beneath                                 small; a log names the data of nodes
page descriptors, up to 6.19          top of each node, beneath               size from RAM (`memmap`)
CMA area                              beneath the DMA limit                   a log names it; without one, usual sizes
                                                                              (`cma_areas`, `listed_cma`)
**crash kernel**                      the windows of its request              listed
its own CMA (7.3), gigantic pages     4 GiB and up; top                       a log, or how they are listed (`gigantic`)
sections and descriptors, from 7.0    top of memory                           size from RAM
per-CPU areas                         top of each node                        a log names their size
memory of `reserve_mem=`, from 6.11   top of memory                           by command line
log buffer and its arrays             top of memory                           a log names their sizes; without one, the
                                                                              usual ones or none
Dentry and inode hashes               top of memory                           likewise; else sizes follow from RAM,
                                                                              from 7.0 on from what is free
KFENCE metadata, up to 6.14           top of memory                           by the number of objects, 255 by default
bounce buffer and its arrays          beneath the DMA limit; top              a log names it, with its address
KFENCE metadata, from 6.15 on         top of memory                           likewise
scratch memory of kexec handover,     beneath the DMA limit; top of memory,   by command line and configuration; twice
from 6.16 on                          twice                                   what was allocated (`handover`)
interrupt tables, under UEFI          pages that no one had                   listed apart from all else (`gic_tables`)
====================================  ======================================  =========================================

Kernels that reserve before the linear map is made (4.12 to 5.10.0, and others without DMA zones) have the crash kernel
right after the first line: all that memblock handed out is later, so what fills memory from its tops is taken back.
From 7.0 on CMA area and crash kernel come before the page descriptors. Source: arm64_memblock_init(), paging_init(),
bootmem_init(), start_kernel() @ 5.10, 6.1, 6.12, 6.18, 7.2, 7.3.

The way back
------------
A later view, such as /proc/iomem, shows the end of this (`view`). A *step* of a boot is one line of the table after the
crash kernel; `boot_steps` lists them, with one *choice* each where a log names the allocation, and several where none
does. `search` takes the steps back, the last one first: an allocation that came last lies at the bottom of a listed
entry, and no gap above would have held it (`undo`, on the values of `state`). A *way back* is one choice of each step
with a place for each allocation. It is judged by whether the recorded crash kernel would lie where it does, by what is
left beneath it, and by which listed entries are left in pieces.

A way back that leaves none is looked for first, beginning with what makes up just what lies beneath the crash kernel
(`order`), and ends the search. A branch ends where a choice finds no place, where what remains of an entry
(`remainders`) is not a sum (`sums`) of what the earlier steps may have taken (`pruning`), or where page descriptors
would have had a higher place. If no way leaves none, the best ones are readings: the sources do not tell which is
right. Before these comes, where all RAM is low memory, that everything beneath the CMA area came later (`cma_stack`),
and elsewhere that what lies beside a later allocation did, too, such as the per-CPU areas of many processors.

Beside a log, large ranges that neither it nor a step names may have come later, too: that is a reading of its own.

A log alone shows no listing: `log_state` builds the state from what it names, and from what must lie above that; under
UEFI the image lies near the top, in a reading for each usual place.

A `history` is the result: the state before the crash kernel, with what came later and what came right before. It is
made from a listing beside a log (`histories`), from a listing alone (`histories_from_listing`), or from a log alone
(`histories_from_log`), the likeliest first.

Another boot
------------
The request that is planned comes with a command line. What of it moves the allocations before the crash kernel is done
again from the state that was found: another `cma=` or `mem=`, other page tables, a KFENCE pool (`other_cmdline`,
`replay`), and RAM that a `mem=` hid (`hidden_ram`). What the kernel's builder configures tells the usual CMA area;
where only the configuration could tell, both readings are listed.

`readings` does all of this: its `rewind()` is the only entry. `rewound` is apart so that a report can name what was
taken back without loading the rest.
"""
