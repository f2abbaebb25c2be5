
# Completes processes and files, where picocli's function above has no candidates.

# Prints the processes of this machine whose PID begins with $1: PID, and main class or jar of a JVM, else the first words of the
# command line. Only the PID is ever inserted: _mapfiles_with_processes removes the rest.
_mapfiles_processes() {
    local directory word name i
    local -a words
    for directory in /proc/[0-9]*; do
        [[ ${directory#/proc/} == "$1"* ]] || continue
        words=()
        while IFS= read -r -d '' word; do
            words+=("$word")
        done 2>/dev/null <"$directory/cmdline"
        [[ ${#words[@]} -gt 0 ]] || continue # a kernel thread, or it has exited
        name="${words[*]:0:6}"
        if [[ ${words[0]##*/} == java ]]; then
            for ((i = 1; i < ${#words[@]}; i++)); do
                case ${words[i]} in
                -cp | -classpath | --class-path | -p | --module-path | --add-modules | --add-exports | --add-reads | --add-opens) i=$((i + 1)) ;;
                -jar | -m | --module)
                    name=${words[i + 1]##*/}
                    break
                    ;;
                -* | @*) ;;
                *)
                    name=${words[i]}
                    break
                    ;;
                esac
            done
        fi
        name=${name//[^[:print:]]/?}
        printf '%s\n' "${directory#/proc/}  ${name:0:60}"
    done 2>/dev/null
}

# Prints the files whose names begin with $1. bash inserts them as they are, and zsh quotes them.
_mapfiles_files() {
    local file
    compgen -f -- "$1" | while IFS= read -r file; do
        [[ -n ${ZSH_VERSION-} ]] || printf -v file %q "$file"
        printf '%s\n' "$file"
    done
}

# Sets COMPREPLY to the lines of its input.
_mapfiles_reply() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done
}

_mapfiles_with_processes() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} candidate
    local arguments=0 i list=
    local -a replies
    case $before in
    --kind | --region) # several values between commas: the last one is completed
        list=${word%"${word##*,}"}
        COMP_WORDS[COMP_CWORD]=${word##*,}
        ;;
    esac
    _complete_mapfiles "$@"
    COMP_WORDS[COMP_CWORD]=$word
    if [[ -n $list ]]; then
        replies=("${COMPREPLY[@]}")
        COMPREPLY=()
        for candidate in "${replies[@]}"; do
            COMPREPLY+=("$list$candidate")
        done
    fi
    [[ $COMP_CWORD -ge 2 && $word != -* ]] || return 0
    case $before in
    --from | --output | -o | --samples)
        _mapfiles_reply < <(_mapfiles_files "$word")
        return 0
        ;;
    esac
    [[ ${#COMPREPLY[@]} -eq 0 ]] || return 0
    case $before in
    --by | --duration | --file | --interval | --kind | --perms | --region | --sort | --top) return 0 ;;
    esac
    for ((i = 2; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -* ]] || arguments=$((arguments + 1))
    done
    case $command in
    crash)
        _mapfiles_reply < <(_mapfiles_files "$word")
        return 0
        ;;
    diff | html)
        _mapfiles_reply < <(
            _mapfiles_processes "$word"
            _mapfiles_files "$word"
        )
        ;;
    help | generate-completion) return 0 ;;
    cat | resolve | save) [[ $arguments -eq 0 ]] || return 0 ;;
    esac
    [[ ${#COMPREPLY[@]} -gt 0 ]] || _mapfiles_reply < <(_mapfiles_processes "$word")
    # bash lists several candidates and inserts what they have in common: a part of a PID. It inserts one candidate, and in menus
    # (COMP_TYPE 37 and 42: menu-complete, insert-completions) each. Other users choose the names of their processes.
    if [[ ${#COMPREPLY[@]} -eq 1 || ${COMP_TYPE-9} != @(9|33|63|64) ]]; then
        replies=("${COMPREPLY[@]}")
        COMPREPLY=()
        for candidate in "${replies[@]}"; do
            [[ ! $candidate =~ ^[0-9]+\ \  ]] || candidate=${candidate%%  *}
            COMPREPLY+=("$candidate")
        done
    fi
}

# zsh inserts what it lists, unlike bash: there the lines are descriptions of PIDs.
_mapfiles_in_zsh() {
    local COMP_CWORD=$((CURRENT - 1)) candidate
    local -a COMP_WORDS COMPREPLY lines pids others
    COMP_WORDS=("${words[@]}")
    _mapfiles_as_in_sh
    for candidate in "${COMPREPLY[@]}"; do
        if [[ $candidate == *"  "* && ${candidate%%  *} != *[!0-9]* ]]; then
            lines+=("$candidate")
            pids+=("${candidate%%  *}")
        else
            others+=("$candidate")
        fi
    done
    compadd -l -d lines -a pids
    compadd -a others
}

# With the options that bashcompinit sets for the functions of bash.
_mapfiles_as_in_sh() {
    emulate -L sh
    setopt kshglob noshglob braceexpand nokshautoload
    _mapfiles_with_processes mapfiles
}

if [[ -n ${ZSH_VERSION-} ]]; then
    compdef _mapfiles_in_zsh mapfiles
else
    # Without -o default: else files are offered where no process matches.
    complete -F _mapfiles_with_processes mapfiles mapfiles.sh mapfiles.bash
fi
