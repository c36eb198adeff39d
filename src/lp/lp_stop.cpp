/*
 * Clp asks an event handler after each pivot whether to go on. That is the only way to end a solve of minutes without
 * cutting all solves into slices, which would begin from other bases and end in other corners; and the handler is a C++
 * class, the reason for the one C++ file here. As long as nobody asks the process to stop, it changes nothing.
 */
#define CLP_EXTERN_C /* so that Clp_Simplex is the struct that it is inside */
#include <ClpEventHandler.hpp>
#include <ClpSimplex.hpp>
#include <Clp_C_Interface.h>

#include "lp/lp_stop.h"

extern "C" bool cancel_asked(void); /* base/thread.h, which is C */

namespace {

class StopHandler : public ClpEventHandler {
public:
    StopHandler() = default;
    int event(Event what) override
    {
        bool may_end = what == endOfIteration || what == endOfFactorization;
        return may_end && cancel_asked() ? LP_STOP_STATUS : -1;
    }
    ClpEventHandler *clone() const override
    {
        return new StopHandler(*this);
    }
};

} // namespace

void lp_stop_install(void *clp)
{
    const StopHandler handler;
    static_cast<Clp_Simplex *>(clp)->model_->passInEventHandler(&handler);
}
