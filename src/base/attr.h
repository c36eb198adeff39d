/* Compiler attributes under names that say what they are for. */
#ifndef CAIRN_BASE_ATTR_H
#define CAIRN_BASE_ATTR_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Marks a parameter that an interface demands and this implementation ignores. */
#define UNUSED(x) ((void)(x))

/*
 * A check on the programmer, never on input: always on, in release builds too,
 * because continuing with wrong data is worse than stopping. Ends the process
 * with the place; prints no value.
 */
#define ASSERT(cond) ((cond) ? (void)0 : assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void assert_failed(const char *cond, const char *file, int line);

#endif
