/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "espalier.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * EspErrorPage:
 *
 * The page of a file that was refused: what is wrong with it in a heading and a sentence, then what
 * was found and where. A checkpoint whose pickle asked for a call is shown here, too, with what
 * could be recovered. Its buttons go through the window's actions "open", "open-recovered",
 * "copy-report" and "leave-page".
 */
#define ESP_TYPE_ERROR_PAGE (esp_error_page_get_type ())
G_DECLARE_FINAL_TYPE (EspErrorPage, esp_error_page, ESP, ERROR_PAGE, AdwBin)

void esp_error_page_set_error (EspErrorPage *self, GFile *file, const GError *error);
/* @document was read, but its pickle asked for calls, none of which was made */
void esp_error_page_set_refused (EspErrorPage *self, GFile *file, EspDocument *document);
/* whether there is something behind the page to go back to */
void esp_error_page_set_can_go_back (EspErrorPage *self, gboolean can_go_back);
/* all that the page says, as text to send to somebody; borrowed */
const char *esp_error_page_get_report (EspErrorPage *self);

/* the heading for @error: "This file ends too early". Static. */
const char *esp_error_page_get_heading (const GError *error);

G_END_DECLS
