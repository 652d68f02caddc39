#include <hb.h>
#include <hb-ot.h>
#include <hb-subset.h>

// HB_FEATURE_GLOBAL_END and HB_TAG are macros with a cast, which Swift does not import.
static const unsigned int uocava_hb_feature_end = HB_FEATURE_GLOBAL_END;
static inline hb_tag_t uocava_hb_tag(char a, char b, char c, char d) { return HB_TAG(a, b, c, d); }
