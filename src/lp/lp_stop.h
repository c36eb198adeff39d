/* Private to lp: ends a solve under way when the process is asked to stop. */
#ifndef CAIRN_LP_LP_STOP_H
#define CAIRN_LP_LP_STOP_H

/* What Clp_status says of a solve that was ended so. */
#define LP_STOP_STATUS 5

#ifdef __cplusplus
extern "C" {
#endif

/* clp: a Clp_Simplex, as Clp_newModel makes them. Lasts as long as the model. */
void lp_stop_install(void *clp);

#ifdef __cplusplus
}
#endif

#endif
