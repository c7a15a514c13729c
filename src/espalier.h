/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The core as ui/ sees it: the only header that ui/ includes. */

#include "esp-architecture.h"
#include "esp-colormap.h"
#include "esp-draw-field.h"
#include "esp-draw-pictures.h"
#include "esp-draw-plot.h"
#include "esp-draw-tiles.h"
#include "esp-error.h"
#include "esp-export.h"
#include "esp-find.h"
#include "esp-format.h"
#include "esp-mosaic.h"
#include "esp-network-code.h"
#include "esp-number.h"
#include "esp-network-change.h"
#include "esp-path.h"
#include "esp-profile.h"
#include "esp-pyramid.h"
#include "esp-rearrange.h"
#include "esp-reload.h"
#include "esp-response.h"
#include "esp-slice.h"
#include "esp-session.h"
#include "esp-undo.h"
#include "esp-wrapper.h"
