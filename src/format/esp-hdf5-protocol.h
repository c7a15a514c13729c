/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the core and its HDF5 process (src/hdf5) say to one another over a socket. Plain C, as the
 * process knows no GLib. Numbers are little endian and stand without gaps.
 *
 *   frame    u32 kind | u32 length | payload
 *   text     u32 length | bytes, of any encoding
 *
 * The process is started with the socket as descriptor 0, the file as descriptor 3, and two
 * arguments: where the HDF5 file begins in it and how many bytes it has. It answers a request with
 * any number of the frames named there, and ends each answer with DONE or FAILED.
 */

#define ESP_HDF5_SOCKET 0
#define ESP_HDF5_FILE 3
#define ESP_HDF5_DIMS 64          /* of a data set with those of an array type in it */
#define ESP_HDF5_FILTERS 32       /* as many as HDF5 has in one pipeline */
#define ESP_HDF5_FILL_BYTES 64    /* largest fill value that is told; no number is larger */
#define ESP_HDF5_DETAIL_BYTES 256 /* of a text that goes with a reason */
#define ESP_HDF5_SKIPPED 8        /* objects that aren't opened, at most */
#define ESP_HDF5_CHUNKS 16384     /* told in one frame */
#define ESP_HDF5_DATA_BYTES (1024 * 1024)
#define ESP_HDF5_NOWHERE UINT64_MAX

enum
{
  /* requests */
  ESP_HDF5_LIST = 1, /* u8 careful, u32 n, n x u64 object -> NODE, ATTRIBUTE, DATASET_INFO, TROUBLE.
                      * These objects aren't opened; careful: each frame is sent at once. */
  ESP_HDF5_CHUNKS_AT, /* u64 object, u64 first, u32 n -> PLACES */
  ESP_HDF5_READ,      /* u64 object, u8 convert, u32 ndim, ndim x (u64 start, u64 count) -> DATA */

  /* answers */
  ESP_HDF5_NODE = 32, /* u32 parent, u8 what, u8 soft, u64 object, u16 reason, text name, text
                       * detail. The first is the root; each gets the next number. Attributes and
                       * the data set's description follow the first hard link to their object. */
  ESP_HDF5_ATTRIBUTE, /* u8 type, u8 scalar, u16 reason, u64 n, text name, text detail, and n texts
                       * or n x 8 bytes */
  ESP_HDF5_DATASET_INFO, /* u16 reason, text detail; unless there is a reason: type, shape, layout,
                          * see esp-hdf5-describe.c */
  ESP_HDF5_TROUBLE,      /* u32 node, u16 reason, text detail: something is left out below it */
  ESP_HDF5_PLACES, /* u64 first, u32 n, n x (u64 address, u64 size, u32 filters that were skipped)
                    */
  ESP_HDF5_DATA,   /* bytes */
  ESP_HDF5_DONE,   /* nothing */
  ESP_HDF5_FAILED, /* u16 reason, text detail */
};

/* what a node is */
enum
{
  ESP_HDF5_IS_GROUP,
  ESP_HDF5_IS_DATASET,
  ESP_HDF5_IS_TYPE,
  ESP_HDF5_IS_NOTHING,
  ESP_HDF5_N_WHATS
};

/* type of an attribute */
enum
{
  ESP_HDF5_NO_VALUES,
  ESP_HDF5_STRINGS,
  ESP_HDF5_INTS,
  ESP_HDF5_UINTS,
  ESP_HDF5_FLOATS,
  ESP_HDF5_N_VALUE_TYPES
};

/* class of an element */
enum
{
  ESP_HDF5_CLASS_INT,
  ESP_HDF5_CLASS_FLOAT,
  ESP_HDF5_CLASS_BOOL,    /* an enumeration of FALSE and TRUE */
  ESP_HDF5_CLASS_COMPLEX, /* two floats, which the float's fields tell of */
  ESP_HDF5_CLASS_OPAQUE,
  ESP_HDF5_CLASS_STRING,
  ESP_HDF5_CLASS_COMPOUND,
  ESP_HDF5_CLASS_VLEN,
  ESP_HDF5_CLASS_REFERENCE,
  ESP_HDF5_CLASS_OTHER,
  ESP_HDF5_N_CLASSES
};

enum
{
  ESP_HDF5_LITTLE_ENDIAN,
  ESP_HDF5_BIG_ENDIAN,
  ESP_HDF5_OTHER_ENDIAN
};

enum
{
  ESP_HDF5_LAYOUT_COMPACT,
  ESP_HDF5_LAYOUT_CONTIGUOUS,
  ESP_HDF5_LAYOUT_CHUNKED,
  ESP_HDF5_N_LAYOUTS
};

enum
{
  ESP_HDF5_FILTER_DEFLATE = 1,
  ESP_HDF5_FILTER_SHUFFLE = 2,
  ESP_HDF5_FILTER_FLETCHER32 = 3,
  ESP_HDF5_FILTER_SZIP = 4,
  ESP_HDF5_FILTER_NBIT = 5,
  ESP_HDF5_FILTER_SCALEOFFSET = 6,
  ESP_HDF5_FILTER_LZF = 32000
};

/* why something isn't there; the core has the sentences */
enum
{
  ESP_HDF5_FINE,
  ESP_HDF5_BROKEN, /* the library couldn't; detail is what it says */
  ESP_HDF5_EXTERNAL_LINK,
  ESP_HDF5_USER_LINK,
  ESP_HDF5_DANGLING,      /* detail: the path that a soft link has */
  ESP_HDF5_VIRTUAL,       /* a data set put together from others */
  ESP_HDF5_EXTERNAL_DATA, /* values in another file */
  ESP_HDF5_EMPTY,         /* no shape */
  ESP_HDF5_TYPE,          /* of an attribute: not a number nor a text */
  ESP_HDF5_TOO_LARGE,
  ESP_HDF5_TOO_MANY,
  ESP_HDF5_TOO_DEEP,
  ESP_HDF5_NO_MEMORY,
  ESP_HDF5_CRASHES,  /* the library did so when it was opened before */
  ESP_HDF5_NONSENSE, /* of a request */
  ESP_HDF5_N_REASONS
};
