"""From a running machine back to the moment of the reservation.

The model on one page
=====================
memblock hands out the topmost place that fits. So a boot fills memory from the top (and, for what devices reach, from
the DMA limit) downward, and what lies lowest came last. What a boot allocates, in this order:

====================================  ======================================  =========================================
step                                  where                                   what is known of it
====================================  ======================================  =========================================
firmware, image, initrd, reserved     anywhere; never moves                   listed; a log names few
KFENCE pool, page tables              top of memory                           by command line and configuration, or by
                                                                              what lies at the top (`top`)
device tree, data of nodes            beneath                                 small; a log names the data of nodes
page descriptors, up to 6.19          top of each node, beneath               size from RAM (`memmap`)
CMA area                              beneath the DMA limit                   a log names it; without one, usual sizes
**crash kernel**                      the windows of its request              listed
its own CMA (7.3), gigantic pages     4 GiB and up; top                       a log, or how they are listed (`gigantic`)
sections and descriptors, from 7.0    top of memory                           size from RAM
per-CPU areas                         top of each node                        a log names their size
log buffer and its arrays             top of memory                           a log names their sizes; without one, the
                                                                              usual ones or none
Dentry and inode hashes               top of memory                           likewise; else sizes follow from RAM,
                                                                              from 7.0 on from what is free
KFENCE metadata, up to 6.16           top of memory                           255 objects
bounce buffer and its arrays          beneath the DMA limit; top              a log names it, with its address
KFENCE metadata, from 6.17 on         top of memory                           255 objects
interrupt tables, under UEFI          pages that no one had                   listed apart from all else (`running`)
====================================  ======================================  =========================================

Kernels that reserve before the linear map is made (4.12 to 5.10.0, and others without DMA zones) have the crash kernel
right after the first line: all that memblock handed out is later, so what fills memory from its tops is taken back.
From 7.0 on CMA area and crash kernel come before the page descriptors. Source: arm64_memblock_init(), paging_init(),
bootmem_init(), start_kernel() @ 5.10, 6.1, 6.12, 6.18, 7.2, 7.3.

The way back
------------
A later view shows the end of this. `later` lists the steps after the crash kernel, with one choice each where a log
names it and several where not. `search` takes them back, last step first: an allocation that came last lies at the
bottom of a listed entry, and no gap above would have held it (`undo`). What is left is judged by whether the recorded
crash kernel would lie where it does, what is left beneath it, and which entries are left in pieces. A way that leaves
none is looked for first, beginning with what makes just what lies beneath the crash kernel, and ends the search; a
branch ends where a choice finds no place, where the rest of an entry is not a sum of what the steps before may have
taken (`rests`, `fork`), or where page descriptors would have had a higher place. Else the best are readings: the
sources do not tell which is right. Before them comes, where all RAM is low memory, that all beneath the CMA area came
later (`stacked`), and elsewhere that what lies beside a later allocation did, too, such as the areas of many
processors.
A log alone shows no listing: `from_log` builds the state from what it names, and from what must lie above that; under
UEFI the image lies near the top, in a reading for each usual place.
`histories` puts the state and its readings together, first the likeliest; `histories_of_log` and `histories_guessed`
do so for a log alone and for a listing alone.

Another boot
------------
The request that is asked for comes with a command line. What of it moves the steps before the crash kernel is done
again from the state that was found: another `cma=` or `mem=`, other page tables, a KFENCE pool (`asked`, `changes`),
and RAM that a `mem=` hid (`above`). What the kernel's builder configures tells the usual CMA area; where only the
configuration could tell, both readings are listed.
"""
