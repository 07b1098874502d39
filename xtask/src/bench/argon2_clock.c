/* Prints the median time, in seconds, of an Argon2id hash by C libargon2 with the parameters of the
 * product: 19456 KiB, two passes, one lane, 32 bytes. The prototype stands here so that the library
 * alone is needed, and not its headers. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int argon2id_hash_raw(uint32_t t_cost, uint32_t m_cost, uint32_t parallelism, const void *pwd, size_t pwdlen,
                      const void *salt, size_t saltlen, void *hash, size_t hashlen);

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
    static const char password[] = "a password for load tests alone";
    int hashes = count > 1 ? atoi(arguments[1]) : 20;
    double times[1000];
    uint8_t salt[16] = {0}, hash[32];
    if (hashes < 1 || hashes > 1000) return 2;
    for (int i = 0; i < hashes; i++) {
        memcpy(salt, &i, sizeof i);
        double begun = now();
        if (argon2id_hash_raw(2, 19456, 1, password, sizeof password - 1, salt, sizeof salt, hash, sizeof hash) != 0)
            return 1;
        times[i] = now() - begun;
    }
    qsort(times, (size_t)hashes, sizeof times[0], ascending);
    printf("%.9f\n", times[hashes / 2]);
    return 0;
}
