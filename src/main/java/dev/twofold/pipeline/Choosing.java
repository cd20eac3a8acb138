package dev.twofold.pipeline;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.TwofoldException;
import dev.twofold.layers.Grouping;
import dev.twofold.layers.LayerRange;
import dev.twofold.pass.Facts;
import dev.twofold.pass.PassSpec;
import dev.twofold.passes.analysis.ChoosePairs;
import dev.twofold.passes.rewrite.PairLayers;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A plan that leaves it to a measurement which layers share a group. */
public final class Choosing {

    private static final String CHOOSE = ChoosePairs.SPEC.name();
    private static final String PAIR = PairLayers.SPEC.name();

    private final List<PassRequest> requests;
    private final ChoosePairs.Options options;
    private final int pairing;

    private Choosing(List<PassRequest> requests, ChoosePairs.Options options, int pairing) {
        this.requests = requests;
        this.options = options;
        this.pairing = pairing;
    }

    /**
     * Whether something has to be chosen; if so, everything else in the plan is checked at once.
     *
     * @throws TwofoldException if the plan is wrong in any way
     */
    public static Optional<Choosing> in(List<PassRequest> requests, List<PassSpec<?>> specs, Facts start) {
        List<PassRequest> asked = named(requests, CHOOSE);
        if (asked.isEmpty()) {
            return Optional.empty();
        }
        PassRequest ask = asked.get(0);
        List<PassRequest> open = named(requests.subList(requests.indexOf(ask), requests.size()), PAIR).stream()
                .filter(Choosing::isOpen)
                .toList();
        if (asked.size() > 1 || open.size() != 1) {
            throw TwofoldException.input("pass " + CHOOSE + " does not know what to choose for")
                    .at(ask.origin())
                    .found(asked.size() + " times " + CHOOSE + ", and after it " + open.size() + " times " + PAIR
                            + " without layers")
                    .expected("one of each")
                    .as(ask.blame());
        }
        ChoosePairs.Options options = OptionBinder.bind(ask, ChoosePairs.Options.class);
        Choosing choosing = new Choosing(requests, options, requests.indexOf(open.get(0)));
        Plan.check(choosing.with(Grouping.none(start.layers())), specs, start);
        // The conditions of the choice itself, which the plan above no longer holds: layers are paired as they are
        // measured.
        List<PassRequest> before = new ArrayList<>(requests.subList(0, choosing.pairing));
        before.remove(ask);
        before.add(ask);
        Plan.check(before, specs, start);
        Plan.check(choosing.with(sample(start.layers())), specs, start);
        return Optional.of(choosing);
    }

    /** Some plan, so that passes which do not go with groups are found out. */
    private static Grouping sample(int layers) {
        Grouping none = Grouping.none(layers);
        return layers < 2 ? none : none.with(new LayerRange(0, 1));
    }

    private static List<PassRequest> named(List<PassRequest> requests, String name) {
        return requests.stream().filter(request -> request.name().equals(name)).toList();
    }

    /** Whether a request to pair layers leaves open which. */
    public static boolean isOpen(PassRequest request) {
        return request.name().equals(PAIR)
                && !request.options().has("pairs")
                && !request.options().has("window")
                && !request.options().has("group");
    }

    public ChoosePairs.Options options() {
        return options;
    }

    /** How the layers of a group will run. */
    public PairLayers.Form form() {
        PairLayers.Form form = OptionBinder.bind(requests.get(pairing), PairLayers.Options.class)
                .form();
        return form == null ? PairLayers.Form.TWO_SYNC : form;
    }

    /** The requests with a plan in place of the choice. */
    public List<PassRequest> with(Grouping plan) {
        List<PassRequest> chosen = new ArrayList<>(requests);
        PassRequest open = chosen.get(pairing);
        ObjectNode filled = fill(open.options().deepCopy(), plan);
        chosen.set(pairing, new PassRequest(PAIR, filled, open.origin(), open.blame()));
        chosen.removeIf(request -> request.name().equals(CHOOSE));
        return chosen;
    }

    /** Options of {@code pair-layers}, with the groups of a plan added. */
    static ObjectNode fill(ObjectNode options, Grouping plan) {
        if (plan.groups().isEmpty()) {
            return options.put("window", "0:0");
        }
        plan.groups().forEach(group -> options.withArray("pairs").add(group.toString()));
        return options;
    }
}
