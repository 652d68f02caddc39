#ifndef UOCAVA_CCURL_SHIM_H
#define UOCAVA_CCURL_SHIM_H

#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift does not import. There is one setter per C type that curl reads from
// the argument list: an `int` where it reads a `long` is undefined behaviour that happens to work on some machines. The parentheses
// around the function's name step past the macros of the same name, which check types only where the option is a constant.

static inline CURLcode uocava_curl_set_long(CURL *handle, CURLoption option, long value) {
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode uocava_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return (curl_easy_setopt)(handle, option, value);
}

// curl copies the text; NULL puts the option back to "none".
static inline CURLcode uocava_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return (curl_easy_setopt)(handle, option, value);
}

// curl keeps the pointer: it must outlive the transfer (lists, callbacks' context, the error buffer).
static inline CURLcode uocava_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return (curl_easy_setopt)(handle, option, value);
}

// Function pointers have their own setters, because ISO C does not let one travel as a void *.
static inline CURLcode uocava_curl_set_write(CURL *handle, CURLoption option, curl_write_callback value) {
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode uocava_curl_set_read(CURL *handle, CURLoption option, curl_read_callback value) {
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode uocava_curl_set_debug(CURL *handle, CURLoption option, curl_debug_callback value) {
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode uocava_curl_set_opened(CURL *handle, CURLoption option, curl_sockopt_callback value) {
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode uocava_curl_set_close(CURL *handle, CURLoption option, curl_closesocket_callback value) {
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode uocava_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return (curl_easy_getinfo)(handle, info, value);
}

// How many bytes have come in on a TCP connection since it stands, or -1 where the kernel does not tell. This is tcpi_bytes_received of
// linux/tcp.h (Linux 4.1), read by its place: the C library's netinet/tcp.h has a shorter structure of the same name.
static inline long uocava_bytes_received(int socket) {
    enum { tcp_info = 11, place = 128 };
    unsigned char information[256];
    unsigned long long count;
    socklen_t length = sizeof information;
    if (getsockopt(socket, IPPROTO_TCP, tcp_info, information, &length) != 0 || length < place + sizeof count) return -1;
    memcpy(&count, information + place, sizeof count);
    return (long)count;
}

// These are macros with casts or shifts, which Swift does not import.
static const long uocava_curl_global_default = CURL_GLOBAL_DEFAULT;
static const long uocava_curl_tls_1_2_or_newer = CURL_SSLVERSION_TLSv1_2;
static const size_t uocava_curl_read_abort = CURL_READFUNC_ABORT;

#endif
