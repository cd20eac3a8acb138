package dev.twofold.stepwise;

/** What the tensors of a checkpoint are called: after the modules of modeling_twofold.py. */
final class TensorNames {

    static final String EMBEDDING = "model.embed_tokens.weight";
    static final String POSITIONS = "model.embed_positions.weight";
    static final String STEPS = "model.steps.";
    static final String FINAL_NORM = "model.norm";
    static final String HEAD = "lm_head";

    static final String NORM = "norm";
    static final String OUT_NORM = "out_norm";
    static final String QUERY = "q_proj";
    static final String KEY = "k_proj";
    static final String VALUE = "v_proj";
    static final String OUTPUT = "o_proj";
    static final String QUERY_NORM = "q_norm";
    static final String KEY_NORM = "k_norm";
    static final String GATE = "gate_proj";
    static final String UP = "up_proj";
    static final String DOWN = "down_proj";
    static final String SINKS = "sinks";
    static final String RISING = "act.rising";
    static final String FALLING = "act.falling";
    static final String SLOPE = "act.slope";
    static final String ROUTER = "router";
    static final String CORRECTION = "correction";

    private TensorNames() {}

    /** Of a branch, with a dot at its end. */
    static String branch(String steps, int step, int branch) {
        return steps + step + ".branches." + branch + ".";
    }

    /** Of the steps inside a branch. */
    static String chain(String branch) {
        return branch + "steps.";
    }

    static String expert(String branch, int number) {
        return branch + "experts." + number + ".";
    }

    static String weight(String module) {
        return module + ".weight";
    }

    static String bias(String module) {
        return module + ".bias";
    }
}
