// SPDX-License-Identifier: Apache-2.0
// A node beside a model's card: which bands stand for which, and do the values fit?
#pragma once
#include <nadir/contract.h>
#include <nadir/raster.h>

typedef struct nd_agreed {
    const nd_card *card;
    nd_taken *taken; // of each band of the card
    int *band;       // the same, as numbers of the node's bands
    nd_told told;    // what is wanted beside what is offered
} nd_agreed;
// ND_E_DATA, in the words of nd_card_match, where they do not agree.
nd_status nd_agree(nd_arena *arena, const nd_node *node, const nd_card *card,
                   const nd_terms *terms, nd_agreed *agreed) ND_CHECKED;
// 64 squares of 8 x 8 pixels across the node: ND_E_DATA where a band's values are far
// from those that the model was trained on, with what they look like.
nd_status nd_agree_values(const nd_agreed *agreed, const nd_node *node,
                          nd_work *work) ND_CHECKED;
