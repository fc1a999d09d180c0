<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>About</name>
    <message>
        <source>ERP Desktop {version}
The back office of a company that distributes goods.</source>
        <translation>ERP Desktop {version}
经销企业的后台管理系统。</translation>
    </message>
    <message>
        <source>About ERP Desktop</source>
        <translation>关于 ERP Desktop</translation>
    </message>
    <message>
        <source>Licence: Apache-2.0. Chinese font: Noto Sans SC (OFL).</source>
        <translation>许可证：Apache-2.0。中文字体：Noto Sans SC（OFL）。</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>The copy of the data on this computer is encrypted; its key is in the computer&apos;s keyring.</source>
        <translation>本机数据副本已加密；密钥保存在本机密钥环中。</translation>
    </message>
    <message>
        <source>The copy of the data on this computer is encrypted, but this computer has no keyring, so the key lies in a file beside it: whoever takes the disk has both. Encrypt the disk.</source>
        <translation>本机数据副本已加密，但本机没有密钥环，密钥存放在数据旁边的文件中：拿到磁盘的人两者都有。请加密磁盘。</translation>
    </message>
</context>
<context>
    <name>Account type</name>
    <message>
        <source>Asset</source>
        <translation>资产</translation>
    </message>
    <message>
        <source>Liability</source>
        <translation>负债</translation>
    </message>
    <message>
        <source>Equity</source>
        <translation>所有者权益</translation>
    </message>
    <message>
        <source>Income</source>
        <translation>收入</translation>
    </message>
    <message>
        <source>Expense</source>
        <translation>费用</translation>
    </message>
</context>
<context>
    <name>Accounts</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Debit</source>
        <translation>借方</translation>
    </message>
    <message>
        <source>Credit</source>
        <translation>贷方</translation>
    </message>
    <message>
        <source>Balance</source>
        <translation>余额</translation>
    </message>
    <message>
        <source>Accounts</source>
        <translation>科目</translation>
    </message>
    <message>
        <source>No accounts yet</source>
        <translation>还没有科目</translation>
    </message>
    <message>
        <source>Code, name</source>
        <translation>编码、名称</translation>
    </message>
</context>
<context>
    <name>Action</name>
    <message>
        <source>Open a company</source>
        <translation>新建公司账套</translation>
    </message>
    <message>
        <source>Save a user</source>
        <translation>保存用户</translation>
    </message>
    <message>
        <source>Open the periods of a year</source>
        <translation>开启年度会计期间</translation>
    </message>
    <message>
        <source>Save a purchase order</source>
        <translation>保存采购订单</translation>
    </message>
    <message>
        <source>Confirm a purchase order</source>
        <translation>确认采购订单</translation>
    </message>
    <message>
        <source>Cancel a purchase order</source>
        <translation>取消采购订单</translation>
    </message>
    <message>
        <source>Receive goods</source>
        <translation>收货</translation>
    </message>
    <message>
        <source>Enter a landed cost</source>
        <translation>录入到岸成本</translation>
    </message>
    <message>
        <source>Return goods to a supplier</source>
        <translation>采购退货</translation>
    </message>
    <message>
        <source>Correct prices of a goods receipt</source>
        <translation>更正收货单的多项单价</translation>
    </message>
    <message>
        <source>Correct the price of a goods receipt</source>
        <translation>更正收货单价格</translation>
    </message>
    <message>
        <source>Save a sales order</source>
        <translation>保存销售订单</translation>
    </message>
    <message>
        <source>Confirm a sales order</source>
        <translation>确认销售订单</translation>
    </message>
    <message>
        <source>Take in orders of a channel</source>
        <translation>接收渠道订单</translation>
    </message>
    <message>
        <source>Save several records</source>
        <translation>保存多条资料</translation>
    </message>
    <message>
        <source>Choose the account of a purpose</source>
        <translation>指定用途对应的科目</translation>
    </message>
    <message>
        <source>Allocate a sales order</source>
        <translation>分配销售订单</translation>
    </message>
    <message>
        <source>Release the allocation of a sales order</source>
        <translation>释放销售订单的分配</translation>
    </message>
    <message>
        <source>Cancel a sales order</source>
        <translation>取消销售订单</translation>
    </message>
    <message>
        <source>Ship an order</source>
        <translation>订单发货</translation>
    </message>
    <message>
        <source>Confirm deliveries</source>
        <translation>确认送达</translation>
    </message>
    <message>
        <source>Post a sales invoice</source>
        <translation>过账销售发票</translation>
    </message>
    <message>
        <source>Take in a return</source>
        <translation>收回退货</translation>
    </message>
    <message>
        <source>Take in a return without a shipment</source>
        <translation>无发货单退货入库</translation>
    </message>
    <message>
        <source>Close an announced return</source>
        <translation>关闭已通知的退货</translation>
    </message>
    <message>
        <source>Scrap goods</source>
        <translation>报废货物</translation>
    </message>
    <message>
        <source>Count stock</source>
        <translation>盘点库存</translation>
    </message>
    <message>
        <source>Revalue stock</source>
        <translation>库存重估</translation>
    </message>
    <message>
        <source>Write stock down</source>
        <translation>计提跌价准备</translation>
    </message>
    <message>
        <source>Set standard costs</source>
        <translation>设定标准成本</translation>
    </message>
    <message>
        <source>Set how far back computers hold documents</source>
        <translation>设定电脑上单据的期限</translation>
    </message>
    <message>
        <source>Dispatch a goods transfer</source>
        <translation>发出调拨单</translation>
    </message>
    <message>
        <source>Take in a goods transfer</source>
        <translation>收入调拨单</translation>
    </message>
    <message>
        <source>Close a goods transfer short</source>
        <translation>短收关闭调拨单</translation>
    </message>
    <message>
        <source>Move stock</source>
        <translation>移动库存</translation>
    </message>
    <message>
        <source>Post a journal entry</source>
        <translation>过账记账凭证</translation>
    </message>
    <message>
        <source>Close a period</source>
        <translation>结账</translation>
    </message>
    <message>
        <source>Open a cost book</source>
        <translation>开立成本账簿</translation>
    </message>
    <message>
        <source>Rename a cost book</source>
        <translation>成本账簿改名</translation>
    </message>
    <message>
        <source>Close a cost book</source>
        <translation>停用成本账簿</translation>
    </message>
    <message>
        <source>Change a costing method</source>
        <translation>变更计价方法</translation>
    </message>
    <message>
        <source>Reopen a period</source>
        <translation>反结账</translation>
    </message>
    <message>
        <source>Save a budget</source>
        <translation>保存预算</translation>
    </message>
    <message>
        <source>Save a party</source>
        <translation>保存往来单位</translation>
    </message>
    <message>
        <source>Save a product</source>
        <translation>保存商品</translation>
    </message>
    <message>
        <source>Save a category</source>
        <translation>保存分类</translation>
    </message>
    <message>
        <source>Save a unit of measure</source>
        <translation>保存计量单位</translation>
    </message>
    <message>
        <source>Save a warehouse</source>
        <translation>保存仓库</translation>
    </message>
    <message>
        <source>Save a bin</source>
        <translation>保存货位</translation>
    </message>
    <message>
        <source>Save a channel</source>
        <translation>保存渠道</translation>
    </message>
    <message>
        <source>Save a price level</source>
        <translation>保存价格等级</translation>
    </message>
    <message>
        <source>Save a price</source>
        <translation>保存价格</translation>
    </message>
    <message>
        <source>Save a barcode</source>
        <translation>保存条码</translation>
    </message>
    <message>
        <source>Save a unit of a product</source>
        <translation>保存商品单位</translation>
    </message>
    <message>
        <source>Save an employee</source>
        <translation>保存员工</translation>
    </message>
    <message>
        <source>Save an exchange rate</source>
        <translation>保存汇率</translation>
    </message>
    <message>
        <source>Save a cost centre</source>
        <translation>保存成本中心</translation>
    </message>
    <message>
        <source>Save a rule of cost to serve</source>
        <translation>保存服务成本分摊规则</translation>
    </message>
    <message>
        <source>Set up cost to serve</source>
        <translation>设置服务成本</translation>
    </message>
    <message>
        <source>Save a storage rate</source>
        <translation>保存仓储费率</translation>
    </message>
    <message>
        <source>Share a period&apos;s cost to serve</source>
        <translation>分摊会计期间的服务成本</translation>
    </message>
    <message>
        <source>Attach a file</source>
        <translation>添加附件</translation>
    </message>
    <message>
        <source>Remove an attachment</source>
        <translation>移除附件</translation>
    </message>
</context>
<context>
    <name>AnswerDialog</name>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
</context>
<context>
    <name>AskAboutChanges</name>
    <message>
        <source>Not saved yet</source>
        <translation>尚未保存</translation>
    </message>
    <message>
        <source>There are changes that are not saved:</source>
        <translation>以下更改尚未保存：</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Discard the changes</source>
        <translation>放弃更改</translation>
    </message>
    <message>
        <source>Keep editing</source>
        <translation>继续编辑</translation>
    </message>
    <message>
        <source>Not sent yet</source>
        <translation>尚未发送</translation>
    </message>
    <message>
        <source>Close the window</source>
        <translation>关闭窗口</translation>
    </message>
    <message>
        <source>Keep it open</source>
        <translation>保持打开</translation>
    </message>
    <message>
        <source>Changes that wait for the central service: {count}</source>
        <translation>等待发送到中心服务的更改：{count} 项</translation>
    </message>
    <message>
        <source>They are kept on this computer and sent when the program is opened again.</source>
        <translation>这些更改保存在本机，下次打开程序时发送。</translation>
    </message>
</context>
<context>
    <name>Audit</name>
    <message>
        <source>When</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Who</source>
        <translation>人员</translation>
    </message>
    <message>
        <source>What</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>To what</source>
        <translation>对象</translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Computer</source>
        <translation>电脑</translation>
    </message>
    <message>
        <source>Who did what</source>
        <translation>操作记录</translation>
    </message>
    <message>
        <source>Check the log</source>
        <translation>检查日志</translation>
    </message>
    <message>
        <source>Excel</source>
        <translation>Excel</translation>
    </message>
    <message>
        <source>This has no page of its own, or none that your role may open.</source>
        <translation>它没有单独的页面，或您的角色不能打开。</translation>
    </message>
    <message>
        <source>The log is being checked ...</source>
        <translation>正在检查日志……</translation>
    </message>
    <message>
        <source>The log is being checked: {done} of {all} entries.</source>
        <translation>正在检查日志：共 {all} 条，已检查 {done} 条。</translation>
    </message>
    <message>
        <source>Checked just now: all {count} entries of the log are as they were written.</source>
        <translation>刚刚检查过：日志的 {count} 条记录均与写入时一致。</translation>
    </message>
    <message>
        <source>Whether the log is as it was written has not been checked yet.</source>
        <translation>尚未检查日志是否与写入时一致。</translation>
    </message>
    <message>
        <source>Checked on {when} by {person}: all {count} entries of the log were as they were written.</source>
        <translation>{when} 由 {person} 检查：日志的 {count} 条记录均与写入时一致。</translation>
    </message>
    <message>
        <source>The log up to entry {number} is not the one that was checked before: somebody wrote it anew in the database. Keep the database as it is, and compare it with a backup.</source>
        <translation>日志在第 {number} 条及之前已不是以前检查过的内容：有人在数据库中重写了它。请保持数据库原样，并与备份比较。</translation>
    </message>
    <message>
        <source>Entry {number} of the log is not as it was written: somebody changed it in the database. The entries before it are sound. Keep the database as it is, and compare it with a backup.</source>
        <translation>日志的第 {number} 条记录与写入时不一致：有人在数据库中改动过它。它之前的记录完好。请保持数据库原样，并与备份比较。</translation>
    </message>
    <message>
        <source>Changes</source>
        <translation>更改</translation>
    </message>
    <message>
        <source>Looked at, printed, saved as files</source>
        <translation>查看、打印、存为文件</translation>
    </message>
    <message>
        <source>Sign-ins, computers, passwords, backups</source>
        <translation>登录、电脑、密码、备份</translation>
    </message>
    <message>
        <source>Of what</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Person, code, number</source>
        <translation>人员、编码、编号</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>全部显示</translation>
    </message>
    <message>
        <source>From</source>
        <translation>从</translation>
    </message>
    <message>
        <source>To</source>
        <translation>至</translation>
    </message>
    <message>
        <source>Person</source>
        <translation>人员</translation>
    </message>
    <message>
        <source>Everybody</source>
        <translation>所有人</translation>
    </message>
    <message>
        <source>All computers</source>
        <translation>所有电脑</translation>
    </message>
    <message>
        <source>Done and refused</source>
        <translation>已完成和被拒绝</translation>
    </message>
    <message>
        <source>Refused</source>
        <translation>被拒绝</translation>
    </message>
    <message>
        <source>Whatever was done</source>
        <translation>所有操作</translation>
    </message>
    <message>
        <source>Older</source>
        <translation>更早</translation>
    </message>
    <message>
        <source>Ask again</source>
        <translation>重新询问</translation>
    </message>
    <message>
        <source>Type dates like 2024-03-15.</source>
        <translation>日期请按 2024-03-15 的格式输入。</translation>
    </message>
    <message>
        <source>Nothing of the kind was done.</source>
        <translation>没有这样的操作。</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>Refused: {reason}</source>
        <translation>已拒绝：{reason}</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>{count} times, from {addresses}</source>
        <translation>{count} 次，来自 {addresses}</translation>
    </message>
    <message>
        <source>{count} times</source>
        <translation>{count} 次</translation>
    </message>
    <message>
        <source>From {addresses}</source>
        <translation>来自 {addresses}</translation>
    </message>
    <message>
        <source>{records} and {count} more</source>
        <translation>{records} 等另外 {count} 项</translation>
    </message>
</context>
<context>
    <name>Audit event</name>
    <message>
        <source>Signed in</source>
        <translation>已登录</translation>
    </message>
    <message>
        <source>Wrong name or password</source>
        <translation>名称或密码错误</translation>
    </message>
    <message>
        <source>Changed their password</source>
        <translation>更改了自己的密码</translation>
    </message>
    <message>
        <source>Gave a one-time password</source>
        <translation>给出一次性密码</translation>
    </message>
    <message>
        <source>Signed a user out everywhere</source>
        <translation>将用户在所有电脑上退出登录</translation>
    </message>
    <message>
        <source>Signed a computer out</source>
        <translation>将电脑退出登录</translation>
    </message>
    <message>
        <source>Took a computer out</source>
        <translation>停用了电脑</translation>
    </message>
    <message>
        <source>Let a computer in again</source>
        <translation>重新允许电脑</translation>
    </message>
    <message>
        <source>A copy of a computer&apos;s data showed</source>
        <translation>发现电脑数据的副本</translation>
    </message>
    <message>
        <source>Backed everything up</source>
        <translation>备份了全部数据</translation>
    </message>
    <message>
        <source>Restored a backup</source>
        <translation>恢复了备份</translation>
    </message>
    <message>
        <source>Asked for what only others may</source>
        <translation>请求了无权限的内容</translation>
    </message>
    <message>
        <source>Checked the log of changes</source>
        <translation>检查了更改日志</translation>
    </message>
    <message>
        <source>Fetched all data to a computer</source>
        <translation>把全部数据取到电脑上</translation>
    </message>
    <message>
        <source>Ran a report</source>
        <translation>运行报表</translation>
    </message>
    <message>
        <source>Opened</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Saved as Excel</source>
        <translation>存为 Excel</translation>
    </message>
    <message>
        <source>Saved as PDF</source>
        <translation>存为 PDF</translation>
    </message>
    <message>
        <source>Printed</source>
        <translation>打印</translation>
    </message>
    <message>
        <source>Opened an attachment</source>
        <translation>打开附件</translation>
    </message>
    <message>
        <source>Saved an attachment</source>
        <translation>另存附件</translation>
    </message>
    <message>
        <source>Looked at more than could be noted offline</source>
        <translation>离线时查看的内容过多，未能逐条记下</translation>
    </message>
</context>
<context>
    <name>Backups</name>
    <message>
        <source>Backups</source>
        <translation>备份</translation>
    </message>
    <message>
        <source>A backup is one file with everything that the central service keeps: every company, document, entry and user, and what signs people in. Keep it where only administrators can read it. People work on meanwhile.</source>
        <translation>备份是一个文件，包含中心服务保存的一切：所有公司、单据、凭证和用户，以及登录所需的信息。请把它放在只有管理员能读取的地方。其间大家可以继续工作。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Back up now</source>
        <translation>立即备份</translation>
    </message>
    <message>
        <source>Restore a backup</source>
        <translation>恢复备份</translation>
    </message>
    <message>
        <source>Folder for the backup</source>
        <translation>备份文件夹</translation>
    </message>
    <message>
        <source>Backup to restore</source>
        <translation>要恢复的备份</translation>
    </message>
    <message>
        <source>The backup is being read …</source>
        <translation>正在读取备份……</translation>
    </message>
    <message>
        <source>Everything on this computer becomes as it was when {file} was made. What you did since is then done again, as far as this program remembers it and it can be done. The books of now are kept in a file beside the new ones.</source>
        <translation>这台电脑上的一切将回到 {file} 生成时的样子。此后您所做的，凡是本程序记得并且可行的，会再做一次。现在的账簿会保存在新账簿旁边的一个文件中。</translation>
    </message>
    <message>
        <source>Restore this backup?</source>
        <translation>恢复这份备份？</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>The backup is being restored …</source>
        <translation>正在恢复备份…</translation>
    </message>
    <message>
        <source>Restored. The books of before are kept in {file}.</source>
        <translation>已恢复。之前的账簿保存在 {file}。</translation>
    </message>
    <message>
        <source>Restoring was cancelled; nothing was changed.</source>
        <translation>已取消恢复；未作任何更改。</translation>
    </message>
    <message>
        <source>The books of now are being kept first: {size} MB so far …</source>
        <translation>正在先保存现在的账簿：目前 {size} MB……</translation>
    </message>
    <message>
        <source>The backup is being sent: {size} of {of} MB …</source>
        <translation>正在发送备份：{size} / {of} MB……</translation>
    </message>
    <message>
        <source>The central service restores the backup; people go on reading meanwhile …</source>
        <translation>中心服务正在恢复备份；其间大家可以继续查看……</translation>
    </message>
    <message>
        <source>Restored. The books of before are kept in {file}. Every computer now fetches the data anew and gives back what was done on it since.</source>
        <translation>已恢复。之前的账簿保存在 {file} 中。现在每台电脑会重新获取数据，并交还此后在其上所做的操作。</translation>
    </message>
    <message>
        <source>The backup is being written …</source>
        <translation>正在写入备份…</translation>
    </message>
    <message>
        <source>The backup was cancelled; nothing of it is left.</source>
        <translation>备份已取消；没有留下任何残余。</translation>
    </message>
    <message>
        <source>The backup is being written: {size} MB so far …</source>
        <translation>正在写入备份：已写 {size} MB…</translation>
    </message>
    <message>
        <source>Backed up to {file} ({size} MB).</source>
        <translation>已备份到 {file}（{size} MB）。</translation>
    </message>
</context>
<context>
    <name>Banner</name>
    <message>
        <source>Close this message</source>
        <translation>关闭此消息</translation>
    </message>
</context>
<context>
    <name>BinForm</name>
    <message>
        <source>&amp;Code</source>
        <translation>编码(&amp;C)</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>&amp;Warehouse</source>
        <translation>仓库(&amp;W)</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>&amp;Zone</source>
        <translation>库区(&amp;Z)</translation>
    </message>
    <message>
        <source>Zone</source>
        <translation>库区</translation>
    </message>
    <message>
        <source>Acti&amp;ve</source>
        <translation>启用(&amp;V)</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
</context>
<context>
    <name>BothVersions</name>
    <message>
        <source>Field</source>
        <translation>字段</translation>
    </message>
    <message>
        <source>Mine</source>
        <translation>我的</translation>
    </message>
    <message>
        <source>Theirs</source>
        <translation>对方的</translation>
    </message>
    <message>
        <source>Both versions, side by side</source>
        <translation>两个版本并排对照</translation>
    </message>
    <message>
        <source>Line</source>
        <translation>行</translation>
    </message>
    <message>
        <source>{field}
before: {value}</source>
        <translation>{field}
修改前：{value}</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>(empty)</source>
        <translation>（空）</translation>
    </message>
</context>
<context>
    <name>CategoryForm</name>
    <message>
        <source>&amp;Code</source>
        <translation>编码(&amp;C)</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>名称(&amp;N)</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Chinese na&amp;me</source>
        <translation>中文名称(&amp;M)</translation>
    </message>
    <message>
        <source>Chinese name</source>
        <translation>中文名称</translation>
    </message>
    <message>
        <source>&amp;Part of</source>
        <translation>上级(&amp;P)</translation>
    </message>
    <message>
        <source>Part of</source>
        <translation>上级</translation>
    </message>
    <message>
        <source>Costing &amp;method</source>
        <translation>计价方法(&amp;M)</translation>
    </message>
    <message>
        <source>Costing method</source>
        <translation>计价方法</translation>
    </message>
    <message>
        <source>Costs are kept per</source>
        <translation>成本核算范围</translation>
    </message>
    <message>
        <source>One cost for the whole company, or one for each warehouse or each lot.</source>
        <translation>整个公司一个成本，或每个仓库、每个批次各一个成本。</translation>
    </message>
</context>
<context>
    <name>CategoryPage</name>
    <message>
        <source>Last in, first out is not allowed in statutory books (IAS 2.25; Chinese standards). It may be used where the books are for management only.</source>
        <translation>法定账簿不允许使用后进先出法（IAS 2.25；中国企业会计准则）。仅供内部管理的账簿可以使用。</translation>
    </message>
</context>
<context>
    <name>ChangeMethodForm</name>
    <message>
        <source>C&amp;ategory</source>
        <translation>分类(&amp;A)</translation>
    </message>
    <message>
        <source>Category</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>Empty: everything that this book costs by its own method.</source>
        <translation>留空：本账簿按自身方法计价的全部商品。</translation>
    </message>
    <message>
        <source>&amp;From</source>
        <translation>自(&amp;F)</translation>
    </message>
    <message>
        <source>From</source>
        <translation>自</translation>
    </message>
    <message>
        <source>The first day of an open period.</source>
        <translation>未结账期间的第一天。</translation>
    </message>
    <message>
        <source>New me&amp;thod</source>
        <translation>新方法(&amp;T)</translation>
    </message>
    <message>
        <source>New method</source>
        <translation>新方法</translation>
    </message>
    <message>
        <source>&amp;Last in first out in the ledger is meant</source>
        <translation>确认总账采用后进先出(&amp;L)</translation>
    </message>
    <message>
        <source>Last in first out in the ledger is meant</source>
        <translation>确认总账采用后进先出</translation>
    </message>
</context>
<context>
    <name>ChangeMethodPage</name>
    <message>
        <source>Change the costing method</source>
        <translation>变更计价方法</translation>
    </message>
    <message>
        <source>As the book says</source>
        <translation>按账簿设定</translation>
    </message>
    <message>
        <source>Change the method</source>
        <translation>变更方法</translation>
    </message>
    <message>
        <source>{book} is costed by: {method}. As the day begins, every pool keeps its quantity and its value to the cent; what leaves from that day on is costed anew.</source>
        <translation>{book} 的计价方法：{method}。当日开始时，各成本池的数量和金额分文不变；自当日起发出的存货重新计价。</translation>
    </message>
    <message>
        <source>A category has a method of its own only in the book that posts.</source>
        <translation>只有过账的账簿才允许分类使用自己的方法。</translation>
    </message>
    <message>
        <source>Method of {book}</source>
        <translation>{book} 的计价方法</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Method now</source>
        <translation>现行方法</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Value before</source>
        <translation>变更前金额</translation>
    </message>
    <message>
        <source>Value after</source>
        <translation>变更后金额</translation>
    </message>
    <message>
        <source>Pools as the day begins</source>
        <translation>当日开始时的成本池</translation>
    </message>
    <message>
        <source>No stock is concerned on that day</source>
        <translation>该日没有涉及的库存</translation>
    </message>
    <message>
        <source>From {day} on it is costed by: {method}. What left since then is costed anew, and the differences are posted.</source>
        <translation>自 {day} 起按以下方法计价：{method}。此后发出的存货将重新计价，差额予以过账。</translation>
    </message>
</context>
<context>
    <name>ChannelForm</name>
    <message>
        <source>&amp;Code</source>
        <translation>编码(&amp;C)</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>名称(&amp;N)</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Chinese na&amp;me</source>
        <translation>中文名称(&amp;M)</translation>
    </message>
    <message>
        <source>Chinese name</source>
        <translation>中文名称</translation>
    </message>
    <message>
        <source>Acti&amp;ve</source>
        <translation>启用(&amp;V)</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
</context>
<context>
    <name>ChoosePassword</name>
    <message>
        <source>Choose a password</source>
        <translation>设置密码</translation>
    </message>
    <message>
        <source>New password</source>
        <translation>新密码</translation>
    </message>
    <message>
        <source>The same again</source>
        <translation>再次输入</translation>
    </message>
    <message>
        <source>Password until now</source>
        <translation>现在的密码</translation>
    </message>
    <message>
        <source>Use this password</source>
        <translation>使用这个密码</translation>
    </message>
    <message>
        <source>A password has 8 characters or more.</source>
        <translation>密码至少有 8 个字符。</translation>
    </message>
    <message>
        <source>The two are not the same. Type the new one twice.</source>
        <translation>两次输入不一致。请把新密码输入两次。</translation>
    </message>
</context>
<context>
    <name>ClosePeriodPage</name>
    <message>
        <source>What closing posted</source>
        <translation>结账过账的分录</translation>
    </message>
    <message>
        <source>Close the period</source>
        <translation>结账</translation>
    </message>
    <message>
        <source>Reopen</source>
        <translation>反结账</translation>
    </message>
    <message>
        <source>Period</source>
        <translation>会计期间</translation>
    </message>
    <message>
        <source>Period {period}</source>
        <translation>会计期间 {period}</translation>
    </message>
    <message>
        <source>{first} to {last}</source>
        <translation>{first} 至 {last}</translation>
    </message>
    <message>
        <source>The period is being read.</source>
        <translation>正在读取期间。</translation>
    </message>
    <message>
        <source>Only the latest closed period can be reopened.</source>
        <translation>只有最近一个已结账的期间可以反结账。</translation>
    </message>
    <message>
        <source>This keeps the period open: {what}.</source>
        <translation>以下事项使期间不能结账：{what}。</translation>
    </message>
    <message>
        <source>After closing, nothing is posted between {first} and {last} any more.</source>
        <translation>结账后，{first} 至 {last} 之间不再过账。</translation>
    </message>
    <message>
        <source>Still to be looked at: {count}.</source>
        <translation>尚需查看：{count} 项。</translation>
    </message>
    <message>
        <source>The period is not over before {last} ends.</source>
        <translation>该期间要到 {last} 结束后才完结。</translation>
    </message>
    <message>
        <source>Period closed</source>
        <translation>期间已结账</translation>
    </message>
    <message>
        <source>{period} will take postings again, and its figures may change. Why is it reopened?</source>
        <translation>{period} 将重新接受过账，其数字可能变动。为什么反结账？</translation>
    </message>
    <message>
        <source>Reopen a period</source>
        <translation>期间反结账</translation>
    </message>
    <message>
        <source>Period reopened</source>
        <translation>期间已反结账</translation>
    </message>
    <message>
        <source>Your role has no list for this.</source>
        <translation>您的角色没有对应的列表。</translation>
    </message>
    <message>
        <source>Closed</source>
        <translation>已结账</translation>
    </message>
    <message>
        <source>Reopened</source>
        <translation>已反结账</translation>
    </message>
</context>
<context>
    <name>CloseTransferForm</name>
    <message>
        <source>Closed &amp;on</source>
        <translation>关闭日期(&amp;O)</translation>
    </message>
    <message>
        <source>Closed on</source>
        <translation>关闭日期</translation>
    </message>
    <message>
        <source>&amp;Reason</source>
        <translation>原因(&amp;R)</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细行</translation>
    </message>
</context>
<context>
    <name>CloseTransferPage</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Will not arrive</source>
        <translation>不会到达</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Close short</source>
        <translation>短收关闭</translation>
    </message>
    <message>
        <source>What did not arrive is lost: its cost is posted like a loss of a count.</source>
        <translation>没有到达的货视为损失：其成本像盘亏一样过账。</translation>
    </message>
    <message>
        <source>Close {transfer}</source>
        <translation>关闭 {transfer}</translation>
    </message>
    <message>
        <source>Close {transfer} short</source>
        <translation>短收关闭 {transfer}</translation>
    </message>
    <message>
        <source>Lines that are missing goods: {count}</source>
        <translation>缺货的明细行：{count}</translation>
    </message>
    <message>
        <source>Nothing of this transfer is in transit any more.</source>
        <translation>这张调拨单已经没有在途的货。</translation>
    </message>
    <message>
        <source>Transfer closed short</source>
        <translation>调拨单已短收关闭</translation>
    </message>
</context>
<context>
    <name>Command</name>
    <message>
        <source>Search screens and commands</source>
        <translation>搜索界面和命令</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Show or hide the module names</source>
        <translation>显示或隐藏模块名称</translation>
    </message>
    <message>
        <source>Close the tab</source>
        <translation>关闭标签页</translation>
    </message>
    <message>
        <source>Reopen the tab closed last</source>
        <translation>重新打开最近关闭的标签页</translation>
    </message>
    <message>
        <source>Next tab</source>
        <translation>下一个标签页</translation>
    </message>
    <message>
        <source>Previous tab</source>
        <translation>上一个标签页</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Forward</source>
        <translation>前进</translation>
    </message>
    <message>
        <source>Needs attention</source>
        <translation>待处理</translation>
    </message>
    <message>
        <source>Changes that wait for the central service</source>
        <translation>等待发送到中心服务的变动</translation>
    </message>
    <message>
        <source>Sync now</source>
        <translation>立即同步</translation>
    </message>
    <message>
        <source>Check this computer&apos;s data</source>
        <translation>核对本机数据</translation>
    </message>
    <message>
        <source>Work offline or go online</source>
        <translation>离线工作或恢复联网</translation>
    </message>
    <message>
        <source>Light theme</source>
        <translation>浅色主题</translation>
    </message>
    <message>
        <source>Dark theme</source>
        <translation>深色主题</translation>
    </message>
    <message>
        <source>About ERP Desktop</source>
        <translation>关于 ERP Desktop</translation>
    </message>
    <message>
        <source>Sign out</source>
        <translation>退出登录</translation>
    </message>
    <message>
        <source>Tab by its number</source>
        <translation>按序号切换标签页</translation>
    </message>
</context>
<context>
    <name>Command line</name>
    <message>
        <source>This failed through no fault of yours; the log above says where.</source>
        <translation>操作失败，并非您的过错；上面的日志说明了位置。</translation>
    </message>
    <message>
        <source>{detail}. Give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.</source>
        <translation>{detail}。请使用 sqlite:///FILE 或 postgresql://USER:PASSWORD@HOST/NAME。</translation>
    </message>
    <message>
        <source>This database was made by a newer erp-central. Upgrade this program.</source>
        <translation>此数据库由更新版本的 erp-central 建立。请升级本程序。</translation>
    </message>
    <message>
        <source>This database already has a company {code}.</source>
        <translation>此数据库中已有公司 {code}。</translation>
    </message>
    <message>
        <source>The password does not do: {detail}.</source>
        <translation>密码不合要求：{detail}。</translation>
    </message>
    <message>
        <source>A worker could not start; the log above says why.</source>
        <translation>有一个工作进程无法启动；原因见上面的日志。</translation>
    </message>
    <message>
        <source>Cannot listen on {detail}.</source>
        <translation>无法在 {detail} 上监听。</translation>
    </message>
    <message>
        <source>The database does not answer: {detail}</source>
        <translation>数据库没有响应：{detail}</translation>
    </message>
    <message>
        <source>An SQLite database has one worker. Use PostgreSQL for more, or leave --workers out.</source>
        <translation>SQLite 数据库只能有一个工作进程。需要更多时请使用 PostgreSQL，或者去掉 --workers。</translation>
    </message>
    <message>
        <source>{file} is not what verify-log printed ({detail}). Nothing was checked; give another file.</source>
        <translation>{file} 不是 verify-log 输出的内容（{detail}）。没有进行检查；请换一个文件。</translation>
    </message>
    <message>
        <source>There is no database {name}.</source>
        <translation>没有数据库 {name}。</translation>
    </message>
    <message>
        <source>This database is not set up for this program yet. Run erp-central init or serve.</source>
        <translation>此数据库尚未为本程序建立。请运行 erp-central init 或 serve。</translation>
    </message>
    <message>
        <source>There is no company {code} in this database.</source>
        <translation>此数据库中没有公司 {code}。</translation>
    </message>
    <message>
        <source>Give the password in {variable} or with --password-stdin.</source>
        <translation>请用 {variable} 或 --password-stdin 提供密码。</translation>
    </message>
    <message>
        <source>Password: </source>
        <translation>密码：</translation>
    </message>
    <message>
        <source>The same again: </source>
        <translation>再输入一次：</translation>
    </message>
    <message>
        <source>The two passwords differ; nothing was changed.</source>
        <translation>两次输入的密码不同；未作任何更改。</translation>
    </message>
    <message>
        <source>{arguments} is not understood here. See erp-desktop --help.</source>
        <translation>这里无法理解 {arguments}。请看 erp-desktop --help。</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>已停止。</translation>
    </message>
    <message>
        <source>usage: </source>
        <translation>用法：</translation>
    </message>
    <message>
        <source>options</source>
        <translation>选项</translation>
    </message>
    <message>
        <source>positional arguments</source>
        <translation>位置参数</translation>
    </message>
    <message>
        <source>show this help message and exit</source>
        <translation>显示此帮助并退出</translation>
    </message>
    <message>
        <source>%(prog)s: error: %(message)s
</source>
        <translation>%(prog)s：错误：%(message)s
</translation>
    </message>
    <message>
        <source>the following arguments are required: %s</source>
        <translation>缺少以下参数：%s</translation>
    </message>
    <message>
        <source>unrecognized arguments: %s</source>
        <translation>无法识别的参数：%s</translation>
    </message>
    <message>
        <source>expected one argument</source>
        <translation>需要一个参数</translation>
    </message>
    <message>
        <source>argument %(argument_name)s: %(message)s</source>
        <translation>参数 %(argument_name)s：%(message)s</translation>
    </message>
    <message>
        <source>invalid %(type)s value: %(value)r</source>
        <translation>无效的 %(type)s 值：%(value)r</translation>
    </message>
    <message>
        <source>invalid choice: %(value)r (choose from %(choices)s)</source>
        <translation>无效的选择：%(value)r（可选 %(choices)s）</translation>
    </message>
    <message>
        <source>{message}. See {program} --help.</source>
        <translation>{message}。请看 {program} --help。</translation>
    </message>
    <message>
        <source>common options</source>
        <translation>通用选项</translation>
    </message>
    <message>
        <source>where the program keeps its data</source>
        <translation>程序存放数据的位置</translation>
    </message>
    <message>
        <source>address of the office&apos;s central service</source>
        <translation>办公室中心服务的地址</translation>
    </message>
    <message>
        <source>which company</source>
        <translation>哪家公司</translation>
    </message>
    <message>
        <source>who works</source>
        <translation>操作人</translation>
    </message>
    <message>
        <source>language of texts and documents</source>
        <translation>文字和单据的语言</translation>
    </message>
    <message>
        <source>keep technical details of an error in a file</source>
        <translation>把错误的技术细节写入文件</translation>
    </message>
    <message>
        <source>The back office of a company that distributes goods. Without a command the window opens.</source>
        <translation>经销企业的后台管理系统。不带命令时打开窗口。</translation>
    </message>
    <message>
        <source>commands</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>make a sample company and open it</source>
        <translation>建立示例公司并打开</translation>
    </message>
    <message>
        <source>where it is made; default: demo-output</source>
        <translation>建立的位置；默认：demo-output</translation>
    </message>
    <message>
        <source>number that its history is made from</source>
        <translation>生成其历史所用的种子数</translation>
    </message>
    <message>
        <source>visit every screen and save a picture of each</source>
        <translation>访问每个界面并各存一张图片</translation>
    </message>
    <message>
        <source>folder for the pictures</source>
        <translation>存放图片的文件夹</translation>
    </message>
    <message>
        <source>light or dark</source>
        <translation>浅色或深色</translation>
    </message>
    <message>
        <source>take in a table from Excel or CSV, or Northwind</source>
        <translation>从 Excel、CSV 或 Northwind 导入一张表</translation>
    </message>
    <message>
        <source>northwind, or the table that the file fills</source>
        <translation>northwind，或文件所填充的表</translation>
    </message>
    <message>
        <source>.xlsx, .csv or folder</source>
        <translation>.xlsx、.csv 或文件夹</translation>
    </message>
    <message>
        <source>which column fills which field</source>
        <translation>哪一列对应哪个字段</translation>
    </message>
    <message>
        <source>say what would happen, change nothing</source>
        <translation>只说明会发生什么，不作更改</translation>
    </message>
    <message>
        <source>Northwind: cost of the opening stock as a share of the list price (0.60)</source>
        <translation>Northwind：期初库存成本占标价的比例（0.60）</translation>
    </message>
    <message>
        <source>show a report, or write it to Excel, PDF or JSON</source>
        <translation>显示报表，或写成 Excel、PDF、JSON</translation>
    </message>
    <message>
        <source>which report; without it they are listed</source>
        <translation>哪张报表；不指定则列出全部</translation>
    </message>
    <message>
        <source>without FILE: to the screen</source>
        <translation>不指定 FILE：显示在屏幕上</translation>
    </message>
    <message>
        <source>read this database instead</source>
        <translation>改为读取此数据库</translation>
    </message>
    <message>
        <source>recompute every balance and say what differs</source>
        <translation>重新计算每个余额并说明差异</translation>
    </message>
    <message>
        <source>look at this database instead</source>
        <translation>改为检查此数据库</translation>
    </message>
    <message>
        <source>The program met something that it did not expect ({kind}), and stopped. Run the command again with --debug to keep the details for support.</source>
        <translation>程序遇到意外情况（{kind}），已停止。请加 --debug 再次运行，以便为技术支持保留细节。</translation>
    </message>
    <message>
        <source>The program met something that it did not expect, and stopped. The details are in {path}.</source>
        <translation>程序遇到意外情况，已停止。详情见 {path}。</translation>
    </message>
    <message>
        <source>{name} is not installed: this needs the desktop part, pip install &apos;erp-desktop[desktop]&apos;.</source>
        <translation>未安装 {name}：此功能需要桌面部分，请运行 pip install &apos;erp-desktop[desktop]&apos;。</translation>
    </message>
    <message>
        <source>This is not the address of a database: use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.</source>
        <translation>这不是数据库地址：请使用 sqlite:///FILE 或 postgresql://USER:PASSWORD@HOST/NAME。</translation>
    </message>
    <message>
        <source>The database did not answer: {reason}</source>
        <translation>数据库没有响应：{reason}</translation>
    </message>
    <message>
        <source>{where}{reason}.</source>
        <translation>{where}{reason}。</translation>
    </message>
    <message>
        <source>There are several companies here: choose one of {codes} with --company.</source>
        <translation>这里有多家公司：请用 --company 从 {codes} 中选择一家。</translation>
    </message>
    <message>
        <source>These books are of another version of the program. Open them in the window once.</source>
        <translation>这套账属于程序的另一版本。请先在窗口中打开一次。</translation>
    </message>
    <message>
        <source>--centre needs --company and --user.</source>
        <translation>--centre 需要同时提供 --company 和 --user。</translation>
    </message>
    <message>
        <source>The key of the data at {path} is not on this computer. Open them in the window once.</source>
        <translation>{path} 处数据的密钥不在本机。请先在窗口中打开一次。</translation>
    </message>
    <message>
        <source>There are no books at {path} yet. Open the window once, or name others with --data-dir.</source>
        <translation>{path} 处还没有账套。请先打开一次窗口，或用 --data-dir 指定其他位置。</translation>
    </message>
    <message>
        <source>There is no company in these books yet.</source>
        <translation>这套账中还没有公司。</translation>
    </message>
    <message>
        <source>There is no company {code} here. There are: {codes}.</source>
        <translation>这里没有公司 {code}。现有：{codes}。</translation>
    </message>
    <message>
        <source>There is no report {name}. There are: {names}.</source>
        <translation>没有报表 {name}。现有：{names}。</translation>
    </message>
    <message>
        <source>The report {name} knows no --{parameter}. It knows: {parameters}.</source>
        <translation>报表 {name} 没有参数 --{parameter}。可用参数：{parameters}。</translation>
    </message>
    <message>
        <source>{argument} is not understood. Parameters are written --NAME VALUE.</source>
        <translation>无法理解 {argument}。参数写作 --NAME VALUE。</translation>
    </message>
    <message>
        <source>{argument} needs a value after it.</source>
        <translation>{argument} 后面需要一个值。</translation>
    </message>
    <message>
        <source>a date such as 2024-03-31</source>
        <translation>日期，例如 2024-03-31</translation>
    </message>
    <message>
        <source>yes or no</source>
        <translation>yes 或 no</translation>
    </message>
    <message>
        <source>a code that exists</source>
        <translation>已有的编码</translation>
    </message>
    <message>
        <source>--{parameter} is {text}, and should be {expected}.</source>
        <translation>--{parameter} 的值是 {text}，应为{expected}。</translation>
    </message>
    <message>
        <source>Written: {path}</source>
        <translation>已写入：{path}</translation>
    </message>
    <message>
        <source>{company}: {count} differences.</source>
        <translation>{company}：{count} 处差异。</translation>
    </message>
    <message>
        <source>{company}: every balance, cost layer and account agrees with its movements.</source>
        <translation>{company}：每个余额、成本层和科目都与其流水一致。</translation>
    </message>
    <message>
        <source>There is no table {table} to import. There are: {tables}.</source>
        <translation>没有可导入的表 {table}。现有：{tables}。</translation>
    </message>
    <message>
        <source>nothing: all of it is here already</source>
        <translation>无：全部已在这里</translation>
    </message>
    <message>
        <source>Would be done</source>
        <translation>将完成</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>{count} orders wait for stock: {numbers}</source>
        <translation>{count} 张订单等待库存：{numbers}</translation>
    </message>
    <message>
        <source>Choose a company with --company. There are: {codes}.</source>
        <translation>请用 --company 选择公司。现有：{codes}。</translation>
    </message>
    <message>
        <source>The changes are kept here and will be sent when the centre answers.</source>
        <translation>更改已保存在本机，中心恢复响应后发送。</translation>
    </message>
    <message>
        <source>{count} changes need attention: open the window to see why.</source>
        <translation>{count} 项更改需要处理：请打开窗口查看原因。</translation>
    </message>
    <message>
        <source>{new} new, {changed} changed, {same} the same, {bad} to mend. Nothing was written.</source>
        <translation>新增 {new}，更改 {changed}，相同 {same}，待修正 {bad}。未写入任何内容。</translation>
    </message>
    <message>
        <source>Row {number}: {reason}</source>
        <translation>第 {number} 行：{reason}</translation>
    </message>
    <message>
        <source>... and {count} more</source>
        <translation>……另有 {count} 行</translation>
    </message>
    <message>
        <source>{count} taken</source>
        <translation>已导入 {count}</translation>
    </message>
    <message>
        <source>{count} here already</source>
        <translation>已存在 {count}</translation>
    </message>
    <message>
        <source>{count} to mend in {file}</source>
        <translation>待修正 {count}，见 {file}</translation>
    </message>
    <message>
        <source>{seconds} s, {rate} rows a second</source>
        <translation>{seconds} 秒，每秒 {rate} 行</translation>
    </message>
    <message>
        <source>{done} of {of}</source>
        <translation>{done} / {of}</translation>
    </message>
    <message>
        <source>Opening the window. The company stays in {folder}.</source>
        <translation>正在打开窗口。公司保存在 {folder}。</translation>
    </message>
    <message>
        <source>No screen here: one business day runs through the same windows, unseen.</source>
        <translation>这里没有屏幕：将用同样的窗口在后台走完一个营业日。</translation>
    </message>
    <message>
        <source>Making a sample company: a distributor with a year of history.</source>
        <translation>正在建立示例公司：一家有一年历史的经销企业。</translation>
    </message>
    <message>
        <source>  {done} of {days} days</source>
        <translation>  {done} / {days} 天</translation>
    </message>
    <message>
        <source>The sample company is ready after {seconds} s.</source>
        <translation>示例公司已在 {seconds} 秒后就绪。</translation>
    </message>
    <message>
        <source>The day is over. In {folder} you find:</source>
        <translation>营业日结束。在 {folder} 中有：</translation>
    </message>
    <message>
        <source>  day/        {count} pictures of the day, step by step</source>
        <translation>  day/        {count} 张图片：逐步展示这一天</translation>
    </message>
    <message>
        <source>  screens/    {count} pictures: every screen of the program</source>
        <translation>  screens/    {count} 张图片：程序的每个界面</translation>
    </message>
    <message>
        <source>  data/       the company itself: open it with  erp-desktop --data-dir {folder}</source>
        <translation>  data/       公司数据本身：用  erp-desktop --data-dir {folder}  打开</translation>
    </message>
    <message>
        <source>Visiting the sample company in {folder}.</source>
        <translation>正在走访 {folder} 中的示例公司。</translation>
    </message>
    <message>
        <source>{count} pictures in {folder}.</source>
        <translation>{folder} 中有 {count} 张图片。</translation>
    </message>
    <message>
        <source>Nobody is administrator of this company.</source>
        <translation>这家公司没有管理员。</translation>
    </message>
    <message>
        <source>Nobody signs in as {login}.</source>
        <translation>没有人以 {login} 登录。</translation>
    </message>
    <message>
        <source>No computer has this id; erp-central device list tells them.</source>
        <translation>没有这个标识的电脑；可用 erp-central device list 查看。</translation>
    </message>
    <message>
        <source>{file} is there already. Give another name.</source>
        <translation>{file} 已经存在。请换一个名称。</translation>
    </message>
    <message>
        <source>{file} cannot be written: {detail}.</source>
        <translation>无法写入 {file}：{detail}。</translation>
    </message>
    <message>
        <source>{file} cannot be read: {detail}.</source>
        <translation>无法读取 {file}：{detail}。</translation>
    </message>
    <message>
        <source>Nothing was changed: --replace names every company whose books are replaced, and this database keeps {codes}.</source>
        <translation>未作任何更改：--replace 须列出账簿被替换的每家公司，而此数据库保存的是 {codes}。</translation>
    </message>
</context>
<context>
    <name>CompanyPage</name>
    <message>
        <source>Company</source>
        <translation>公司</translation>
    </message>
    <message>
        <source>This desk</source>
        <translation>本客户端</translation>
    </message>
    <message>
        <source>The program</source>
        <translation>程序</translation>
    </message>
    <message>
        <source>About ERP Desktop</source>
        <translation>关于 ERP Desktop</translation>
    </message>
    <message>
        <source>Change my password</source>
        <translation>更改我的密码</translation>
    </message>
    <message>
        <source>Documents on computers</source>
        <translation>电脑上的单据</translation>
    </message>
    <message>
        <source>Signed in as</source>
        <translation>登录用户</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Runs on</source>
        <translation>运行环境</translation>
    </message>
    <message>
        <source>Computer</source>
        <translation>电脑</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Other computers where you are signed in will ask for the new password.</source>
        <translation>您已登录的其他电脑会要求输入新密码。</translation>
    </message>
    <message>
        <source>Your password was changed.</source>
        <translation>您的密码已更改。</translation>
    </message>
    <message>
        <source>Computers hold documents: {what}.</source>
        <translation>电脑上保存的单据：{what}。</translation>
    </message>
    <message>
        <source>when goods are shipped</source>
        <translation>发货时</translation>
    </message>
    <message>
        <source>when their delivery is confirmed</source>
        <translation>确认送达时</translation>
    </message>
    <message>
        <source>when the invoice is posted</source>
        <translation>发票过账时</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Chinese name</source>
        <translation>中文名称</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>{currency}, {places} decimals</source>
        <translation>{currency}，{places} 位小数</translation>
    </message>
    <message>
        <source>Time zone of business dates</source>
        <translation>业务日期所用时区</translation>
    </message>
    <message>
        <source>Chart of accounts</source>
        <translation>会计科目表</translation>
    </message>
    <message>
        <source>Revenue is posted</source>
        <translation>收入确认</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Tax number</source>
        <translation>税号</translation>
    </message>
</context>
<context>
    <name>Computers</name>
    <message>
        <source>Computer</source>
        <translation>电脑</translation>
    </message>
    <message>
        <source>Person</source>
        <translation>人员</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Last seen</source>
        <translation>最近联系</translation>
    </message>
    <message>
        <source>Changes behind</source>
        <translation>落后的更改</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>程序</translation>
    </message>
    <message>
        <source>Computers</source>
        <translation>电脑</translation>
    </message>
    <message>
        <source>Sign out</source>
        <translation>退出登录</translation>
    </message>
    <message>
        <source>Take out</source>
        <translation>停用</translation>
    </message>
    <message>
        <source>Let in again</source>
        <translation>重新允许</translation>
    </message>
    <message>
        <source>Ask again</source>
        <translation>重新询问</translation>
    </message>
    <message>
        <source>Sign out {computer}?</source>
        <translation>将 {computer} 退出登录？</translation>
    </message>
    <message>
        <source>{person} is asked for the password there before anything is sent or fetched again. What waits on that computer is kept and sent afterwards.</source>
        <translation>在再次发送或获取之前，那里会要求 {person} 输入密码。那台电脑上待发送的内容会保留，之后再发送。</translation>
    </message>
    <message>
        <source>Take out {computer}?</source>
        <translation>停用 {computer}？</translation>
    </message>
    <message>
        <source>Nobody can sign in on it any more, and at its next contact the data on it are erased, with changes of {person} that it has not sent yet. For a computer that was lost or stolen, give {person} a new password too.</source>
        <translation>任何人都不能再在它上面登录；它下次联系时，上面的数据会被清除，包括 {person} 尚未发送的更改。如果电脑丢失或被盗，请同时给 {person} 一个新密码。</translation>
    </message>
    <message>
        <source>Let {computer} in again?</source>
        <translation>重新允许 {computer}？</translation>
    </message>
    <message>
        <source>{person} may sign in on it with the password, as on a new computer.</source>
        <translation>{person} 可以用密码在它上面登录，如同一台新电脑。</translation>
    </message>
    <message>
        <source>{computer} is signed out.</source>
        <translation>{computer} 已退出登录。</translation>
    </message>
    <message>
        <source>{computer} is taken out.</source>
        <translation>{computer} 已停用。</translation>
    </message>
    <message>
        <source>{computer} may sign in again.</source>
        <translation>{computer} 可以重新登录。</translation>
    </message>
    <message>
        <source>{computer} (copy of {other})</source>
        <translation>{computer}（{other} 的副本）</translation>
    </message>
    <message>
        <source>{computer} (this one)</source>
        <translation>{computer}（本机）</translation>
    </message>
</context>
<context>
    <name>ConfirmDeliveryForm</name>
    <message>
        <source>&amp;Delivered on</source>
        <translation>送达日期(&amp;D)</translation>
    </message>
    <message>
        <source>Delivered on</source>
        <translation>送达日期</translation>
    </message>
    <message>
        <source>Shipments</source>
        <translation>发货</translation>
    </message>
</context>
<context>
    <name>ConfirmDeliveryPage</name>
    <message>
        <source>Shipment</source>
        <translation>发货</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>订单</translation>
    </message>
    <message>
        <source>Customer</source>
        <translation>客户</translation>
    </message>
    <message>
        <source>Tracking number</source>
        <translation>运单号</translation>
    </message>
    <message>
        <source>Shipped</source>
        <translation>发货日期</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Confirm delivery</source>
        <translation>确认送达</translation>
    </message>
    <message>
        <source>Delivery of {shipment}</source>
        <translation>{shipment} 的送达</translation>
    </message>
    <message>
        <source>Confirm deliveries</source>
        <translation>确认送达</translation>
    </message>
    <message>
        <source>The goods become cost of sales, and what the customers keep is invoiced.</source>
        <translation>货物结转为销售成本，客户留下的部分将开票。</translation>
    </message>
    <message>
        <source>Nothing is posted: revenue of this company does not wait for it.</source>
        <translation>不产生凭证：本公司的收入确认不以送达为准。</translation>
    </message>
    <message>
        <source>Shipments: {count}</source>
        <translation>发货：{count}</translation>
    </message>
    <message>
        <source>delivered before or come back: {count}</source>
        <translation>此前已送达或已退回：{count}</translation>
    </message>
    <message>
        <source>None of these shipments is under way any more.</source>
        <translation>这些发货都已不在途中。</translation>
    </message>
    <message>
        <source>Delivery confirmed</source>
        <translation>已确认送达</translation>
    </message>
</context>
<context>
    <name>CorrectDialog</name>
    <message>
        <source>Edit and send</source>
        <translation>修改并发送</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Line {number}: {field}</source>
        <translation>第 {number} 行：{field}</translation>
    </message>
</context>
<context>
    <name>CorrectPriceForm</name>
    <message>
        <source>Supplier&apos;s &amp;invoice</source>
        <translation>供应商发票(&amp;I)</translation>
    </message>
    <message>
        <source>The number on the supplier&apos;s invoice or credit note</source>
        <translation>供应商发票或贷项通知单上的编号</translation>
    </message>
    <message>
        <source>Supplier&apos;s invoice</source>
        <translation>供应商发票</translation>
    </message>
    <message>
        <source>In&amp;voice date</source>
        <translation>发票日期(&amp;V)</translation>
    </message>
    <message>
        <source>The date on the supplier&apos;s invoice</source>
        <translation>供应商发票上的日期</translation>
    </message>
    <message>
        <source>Invoice date</source>
        <translation>发票日期</translation>
    </message>
    <message>
        <source>&amp;Post on</source>
        <translation>过账日期(&amp;P)</translation>
    </message>
    <message>
        <source>The day on which the difference is posted</source>
        <translation>差额过账的日期</translation>
    </message>
    <message>
        <source>Post on</source>
        <translation>过账日期</translation>
    </message>
    <message>
        <source>E&amp;xchange rate</source>
        <translation>汇率(&amp;X)</translation>
    </message>
    <message>
        <source>What one unit of the currency is worth in company currency; proposed as the day&apos;s rate</source>
        <translation>一单位该币种折合多少本位币；默认取当日汇率</translation>
    </message>
    <message>
        <source>Exchange rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Lines of the receipt</source>
        <translation>收货单明细</translation>
    </message>
</context>
<context>
    <name>CorrectPricePage</name>
    <message>
        <source>Correct the price</source>
        <translation>更正价格</translation>
    </message>
    <message>
        <source>Correct price</source>
        <translation>更正价格</translation>
    </message>
    <message>
        <source>Price of {receipt}</source>
        <translation>{receipt} 的价格</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>已收</translation>
    </message>
    <message>
        <source>In stock</source>
        <translation>库存中</translation>
    </message>
    <message>
        <source>Price now</source>
        <translation>现价格</translation>
    </message>
    <message>
        <source>New price</source>
        <translation>新价格</translation>
    </message>
    <message>
        <source>Price per</source>
        <translation>单价单位</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Stock value</source>
        <translation>库存价值</translation>
    </message>
    <message>
        <source>Dispatched</source>
        <translation>发出商品</translation>
    </message>
    <message>
        <source>Cost of sales</source>
        <translation>销售成本</translation>
    </message>
    <message>
        <source>Correct the price of {receipt}</source>
        <translation>更正 {receipt} 的价格</translation>
    </message>
    <message>
        <source>Lines corrected: {count}</source>
        <translation>已更正 {count} 行</translation>
    </message>
    <message>
        <source>Difference {difference} {currency}</source>
        <translation>差额 {difference} {currency}</translation>
    </message>
    <message>
        <source>Stock value {stock}, cost of sales {sold} {currency}</source>
        <translation>库存价值 {stock}，销售成本 {sold} {currency}</translation>
    </message>
    <message>
        <source>Stock value {stock}, goods dispatched {dispatched}, cost of sales {sold} {currency}</source>
        <translation>库存价值 {stock}，发出商品 {dispatched}，销售成本 {sold} {currency}</translation>
    </message>
    <message>
        <source>{total}, exchange difference {exchange}</source>
        <translation>{total}，汇兑差额 {exchange}</translation>
    </message>
    <message>
        <source>The receipt is being read.</source>
        <translation>正在读取收货单。</translation>
    </message>
    <message>
        <source>No price differs yet. Type the new price in at least one line.</source>
        <translation>还没有不同的价格。请至少在一行输入新价格。</translation>
    </message>
    <message>
        <source>{sentence} The rate makes an exchange difference of {currency} {exchange} besides, which never goes to stock.</source>
        <translation>{sentence}另外，汇率造成汇兑差额 {currency} {exchange}，不计入库存。</translation>
    </message>
    <message>
        <source>Difference {currency} {difference}. The centre works out what of it goes to stock and to cost of sales. What is posted stays; the difference becomes an entry of its own.</source>
        <translation>差额 {currency} {difference}。其中多少计入存货、多少计入销售成本由中心服务计算。已过账的内容不变，差额单独生成凭证。</translation>
    </message>
    <message>
        <source>Difference {currency} {difference}: {stock} goes to the value of what is still in stock, {sold} to the cost of what has left. What is posted stays; the difference becomes an entry of its own.</source>
        <translation>差异 {currency} {difference}：{stock} 计入仍在库存商品的价值，{sold} 计入已出库商品的成本。已过账的内容不变，差异另记一张凭证。</translation>
    </message>
    <message>
        <source>Difference {currency} {difference}: {stock} goes to the value of what is still in stock, {dispatched} to that of goods dispatched, {sold} to the cost of what was sold. What is posted stays; the difference becomes an entry of its own.</source>
        <translation>差异 {currency} {difference}：{stock} 计入仍在库存商品的价值，{dispatched} 计入发出商品，{sold} 计入已售商品的成本。已过账的内容不变，差异另记一张凭证。</translation>
    </message>
    <message>
        <source>Price corrected</source>
        <translation>价格已更正</translation>
    </message>
</context>
<context>
    <name>Correction kind</name>
    <message>
        <source>Landed cost</source>
        <translation>到岸成本</translation>
    </message>
    <message>
        <source>Price of the receipt</source>
        <translation>收货价格</translation>
    </message>
    <message>
        <source>Revaluation</source>
        <translation>重估</translation>
    </message>
    <message>
        <source>Standard cost</source>
        <translation>标准成本</translation>
    </message>
    <message>
        <source>Sold before it came</source>
        <translation>先发后到</translation>
    </message>
    <message>
        <source>End of the period</source>
        <translation>期末结账</translation>
    </message>
    <message>
        <source>Entered late</source>
        <translation>补录</translation>
    </message>
</context>
<context>
    <name>CostBookForm</name>
    <message>
        <source>&amp;Code</source>
        <translation>编码(&amp;C)</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>名称(&amp;N)</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Chinese na&amp;me</source>
        <translation>中文名称(&amp;M)</translation>
    </message>
    <message>
        <source>Chinese name</source>
        <translation>中文名称</translation>
    </message>
    <message>
        <source>Costing me&amp;thod</source>
        <translation>计价方法(&amp;T)</translation>
    </message>
    <message>
        <source>Costing method</source>
        <translation>计价方法</translation>
    </message>
    <message>
        <source>&amp;Decimals of the unit cost</source>
        <translation>单位成本小数位(&amp;D)</translation>
    </message>
    <message>
        <source>Decimals of the unit cost</source>
        <translation>单位成本小数位</translation>
    </message>
    <message>
        <source>Month-end average only: the unit cost is rounded to so many decimals. Empty: it is not rounded.</source>
        <translation>仅用于月末一次加权平均：单位成本按此小数位四舍五入。留空则不舍入。</translation>
    </message>
    <message>
        <source>&amp;Plan cost: variances go by a rate to stock and to what is sold</source>
        <translation>计划成本：差异按差异率分摊到库存和发出(&amp;P)</translation>
    </message>
    <message>
        <source>Plan cost: variances go by a rate to stock and to what is sold</source>
        <translation>计划成本：差异按差异率分摊到库存和发出</translation>
    </message>
</context>
<context>
    <name>CostBookPage</name>
    <message>
        <source>Cost book</source>
        <translation>成本账簿</translation>
    </message>
    <message>
        <source>Change the method</source>
        <translation>变更方法</translation>
    </message>
    <message>
        <source>Close the book</source>
        <translation>停用账簿</translation>
    </message>
    <message>
        <source>Stock value in it</source>
        <translation>该账簿的库存金额</translation>
    </message>
    <message>
        <source>Open the book</source>
        <translation>开立账簿</translation>
    </message>
    <message>
        <source>A further book costs the same moves by another method, from the first one on. It posts nothing: reports show it beside the book that does. The centre computes its whole history; until then it is being computed.</source>
        <translation>另一本账簿用别的方法对同样的库存流水从第一笔起计价。它不过账，报表把它与过账的账簿并列显示。全部历史由中心服务计算，算完之前显示为正在计算。</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>{method}. Stock is worth {value} in it now.</source>
        <translation>{method}。目前库存金额为 {value}。</translation>
    </message>
    <message>
        <source>The centre is computing its history.</source>
        <translation>中心服务正在计算其历史。</translation>
    </message>
    <message>
        <source>The book is closed.</source>
        <translation>该账簿已停用。</translation>
    </message>
    <message>
        <source>It posts to the ledger.</source>
        <translation>它向总账过账。</translation>
    </message>
    <message>
        <source>What moves from now on is not costed in {book} any more, and it cannot be taken up again; what it says of the past stays.</source>
        <translation>此后的库存流水不再在 {book} 中计价，且不能恢复；其过去的数字保留不变。</translation>
    </message>
</context>
<context>
    <name>CostBooks</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Costing method</source>
        <translation>计价方法</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Stock value now</source>
        <translation>当前库存金额</translation>
    </message>
    <message>
        <source>Cost books</source>
        <translation>成本账簿</translation>
    </message>
    <message>
        <source>Code, name</source>
        <translation>编码、名称</translation>
    </message>
    <message>
        <source>Open a further book</source>
        <translation>另开账簿</translation>
    </message>
</context>
<context>
    <name>CostCentreForm</name>
    <message>
        <source>&amp;Code</source>
        <translation>编码(&amp;C)</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>名称(&amp;N)</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Chinese na&amp;me</source>
        <translation>中文名称(&amp;M)</translation>
    </message>
    <message>
        <source>Chinese name</source>
        <translation>中文名称</translation>
    </message>
</context>
<context>
    <name>CostToServe</name>
    <message>
        <source>Kind of cost</source>
        <translation>成本种类</translation>
    </message>
    <message>
        <source>Costs of</source>
        <translation>费用用途</translation>
    </message>
    <message>
        <source>Cost centre</source>
        <translation>成本中心</translation>
    </message>
    <message>
        <source>Shared by</source>
        <translation>分摊依据</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
    <message>
        <source>Rules of cost to serve</source>
        <translation>服务成本分摊规则</translation>
    </message>
    <message>
        <source>No rules yet</source>
        <translation>还没有规则</translation>
    </message>
    <message>
        <source>New rule</source>
        <translation>新建规则</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Valid from</source>
        <translation>生效日期</translation>
    </message>
    <message>
        <source>Rate per m³ and day</source>
        <translation>每立方米每天费率</translation>
    </message>
    <message>
        <source>Storage rates</source>
        <translation>仓储费率</translation>
    </message>
    <message>
        <source>No storage rates yet</source>
        <translation>还没有仓储费率</translation>
    </message>
    <message>
        <source>With a rate per warehouse, storage at standard stands beside what it really cost.</source>
        <translation>为每个仓库设置费率后，标准仓储成本会与实际成本并列显示。</translation>
    </message>
    <message>
        <source>New storage rate</source>
        <translation>新建仓储费率</translation>
    </message>
    <message>
        <source>Rule</source>
        <translation>分摊规则</translation>
    </message>
    <message>
        <source>Storage rate</source>
        <translation>仓储费率</translation>
    </message>
    <message>
        <source>Cost to serve</source>
        <translation>服务成本</translation>
    </message>
    <message>
        <source>Period</source>
        <translation>会计期间</translation>
    </message>
    <message>
        <source>Open in the ledger</source>
        <translation>查看总账</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报表</translation>
    </message>
    <message>
        <source>Share the period</source>
        <translation>分摊本期</translation>
    </message>
    <message>
        <source>Accounts</source>
        <translation>科目</translation>
    </message>
    <message>
        <source>In the ledger</source>
        <translation>总账金额</translation>
    </message>
    <message>
        <source>Allocated</source>
        <translation>已分摊</translation>
    </message>
    <message>
        <source>Not allocated</source>
        <translation>未能分摊</translation>
    </message>
    <message>
        <source>Not shared yet</source>
        <translation>尚未分摊</translation>
    </message>
    <message>
        <source>At standard</source>
        <translation>按标准</translation>
    </message>
    <message>
        <source>Above standard</source>
        <translation>超出标准</translation>
    </message>
    <message>
        <source>No rule says yet which costs are shared</source>
        <translation>还没有规则说明要分摊哪些费用</translation>
    </message>
    <message>
        <source>Storage, packaging, fees and delivery are usual. Handling labour needs the warehouse&apos;s cost centre.</source>
        <translation>通常分摊仓储、包装、手续费和配送费用。搬运人工需要先指定仓库的成本中心。</translation>
    </message>
    <message>
        <source>Account</source>
        <translation>科目</translation>
    </message>
    <message>
        <source>Set up the usual rules</source>
        <translation>设置常用规则</translation>
    </message>
    <message>
        <source>The period is being shared; the shares come from the centre</source>
        <translation>正在分摊本期；结果由中心服务返回</translation>
    </message>
    <message>
        <source>Rules made; add handling labour with the warehouse&apos;s cost centre</source>
        <translation>规则已建立；请用仓库的成本中心另加搬运人工</translation>
    </message>
    <message>
        <source>This period was not shared yet.</source>
        <translation>本期尚未分摊。</translation>
    </message>
    <message>
        <source>The ledger has changed by {amount} since the period was shared.</source>
        <translation>本期分摊之后，总账又变动了 {amount}。</translation>
    </message>
    <message>
        <source>Shared at {time}; all that the ledger holds is shared.</source>
        <translation>{time} 已分摊；总账中的费用已全部分摊。</translation>
    </message>
    <message>
        <source>Shared at {time}. Your role does not see the ledger.</source>
        <translation>{time} 已分摊。您的角色看不到总账。</translation>
    </message>
    <message>
        <source>Not allocated, for want of anything to share by: {amount}.</source>
        <translation>因没有分摊依据而未能分摊：{amount}。</translation>
    </message>
    <message>
        <source>Stocked products without a volume, which bear no storage: {count}.</source>
        <translation>有库存但未填体积、因此不承担仓储成本的商品：{count} 个。</translation>
    </message>
    <message>
        <source>Your role does not allow this.</source>
        <translation>您的角色不允许此操作。</translation>
    </message>
    <message>
        <source>The period is closed: its shares stay as they are.</source>
        <translation>会计期间已结账：分摊结果不再变动。</translation>
    </message>
    <message>
        <source>Add a rule first.</source>
        <translation>请先添加规则。</translation>
    </message>
    <message>
        <source>Share the period (Ctrl+Enter)</source>
        <translation>分摊本期（Ctrl+Enter）</translation>
    </message>
    <message>
        <source>{period} (closed)</source>
        <translation>{period}（已结账）</translation>
    </message>
    <message>
        <source>Storage</source>
        <translation>仓储</translation>
    </message>
    <message>
        <source>Handling labour</source>
        <translation>搬运人工</translation>
    </message>
    <message>
        <source>Packaging</source>
        <translation>包装</translation>
    </message>
    <message>
        <source>Channel fees</source>
        <translation>渠道费用</translation>
    </message>
    <message>
        <source>Payment fees</source>
        <translation>支付手续费</translation>
    </message>
    <message>
        <source>Delivery</source>
        <translation>配送</translation>
    </message>
    <message>
        <source>Storage expense</source>
        <translation>仓储费用</translation>
    </message>
    <message>
        <source>Wages</source>
        <translation>工资</translation>
    </message>
    <message>
        <source>Packaging expense</source>
        <translation>包装费用</translation>
    </message>
    <message>
        <source>Delivery expense</source>
        <translation>配送费用</translation>
    </message>
    <message>
        <source>Commission expense</source>
        <translation>佣金费用</translation>
    </message>
    <message>
        <source>Volume-days in stock</source>
        <translation>体积×在库天数</translation>
    </message>
    <message>
        <source>Lines shipped</source>
        <translation>发货行数</translation>
    </message>
    <message>
        <source>Parcels shipped</source>
        <translation>发货包裹数</translation>
    </message>
    <message>
        <source>Invoiced revenue</source>
        <translation>开票收入</translation>
    </message>
    <message>
        <source>Quantity shipped</source>
        <translation>发货数量</translation>
    </message>
    <message>
        <source>Weight shipped</source>
        <translation>发货重量</translation>
    </message>
</context>
<context>
    <name>CostToServeRuleForm</name>
    <message>
        <source>&amp;Kind of cost</source>
        <translation>成本种类(&amp;K)</translation>
    </message>
    <message>
        <source>Kind of cost</source>
        <translation>成本种类</translation>
    </message>
    <message>
        <source>Costs &amp;of</source>
        <translation>费用用途(&amp;O)</translation>
    </message>
    <message>
        <source>Costs of</source>
        <translation>费用用途</translation>
    </message>
    <message>
        <source>The accounts that this purpose posts to are shared.</source>
        <translation>分摊该用途所对应科目的费用。</translation>
    </message>
    <message>
        <source>&amp;Shared by</source>
        <translation>分摊依据(&amp;S)</translation>
    </message>
    <message>
        <source>Shared by</source>
        <translation>分摊依据</translation>
    </message>
    <message>
        <source>Cost c&amp;entre</source>
        <translation>成本中心(&amp;E)</translation>
    </message>
    <message>
        <source>Cost centre</source>
        <translation>成本中心</translation>
    </message>
    <message>
        <source>Only what is posted to it; empty: all of the costs.</source>
        <translation>只分摊记到该成本中心的费用；留空则分摊全部。</translation>
    </message>
    <message>
        <source>Acti&amp;ve</source>
        <translation>启用(&amp;V)</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
</context>
<context>
    <name>Costing method</name>
    <message>
        <source>First in, first out</source>
        <translation>先进先出</translation>
    </message>
    <message>
        <source>Last in, first out</source>
        <translation>后进先出</translation>
    </message>
    <message>
        <source>Moving average</source>
        <translation>移动加权平均</translation>
    </message>
    <message>
        <source>Month-end average</source>
        <translation>月末一次加权平均</translation>
    </message>
    <message>
        <source>Standard cost</source>
        <translation>标准成本</translation>
    </message>
    <message>
        <source>Specific cost, by lot or serial number</source>
        <translation>个别计价（按批次或序列号）</translation>
    </message>
    <message>
        <source>Last in, first out is not allowed in statutory books: IAS 2.25 and the Chinese accounting standards rule it out. Use it for comparison in a further book, or confirm that it is meant.</source>
        <translation>法定账簿不得采用后进先出：IAS 2.25 和中国会计准则均不允许。请在另一本账簿中用于比较，或确认确实要采用。</translation>
    </message>
</context>
<context>
    <name>CountStockPage</name>
    <message>
        <source>Post the count</source>
        <translation>盘点过账</translation>
    </message>
    <message>
        <source>Fill in what the books say</source>
        <translation>填入账面数</translation>
    </message>
    <message>
        <source>Count stock</source>
        <translation>盘点库存</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Expires</source>
        <translation>有效期至</translation>
    </message>
    <message>
        <source>In the books</source>
        <translation>账面数</translation>
    </message>
    <message>
        <source>Counted</source>
        <translation>实盘数</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Unit cost</source>
        <translation>单位成本</translation>
    </message>
    <message>
        <source>Choose the warehouse first.</source>
        <translation>请先选择仓库。</translation>
    </message>
    <message>
        <source>Fill in</source>
        <translation>填入</translation>
    </message>
    <message>
        <source>Lines filled in: {count}</source>
        <translation>已填入行数：{count}</translation>
    </message>
    <message>
        <source>Lines counted: {counted} of {lines}</source>
        <translation>已盘行数：{counted} / {lines}</translation>
    </message>
    <message>
        <source>Lines that differ: {count}</source>
        <translation>有差异的行数：{count}</translation>
    </message>
    <message>
        <source>Nothing is counted yet. Type what was found in at least one line.</source>
        <translation>还没有盘点任何一行。请至少在一行中填写实盘数。</translation>
    </message>
    <message>
        <source>Count posted</source>
        <translation>盘点已过账</translation>
    </message>
    <message>
        <source>{shown} and {count} more</source>
        <translation>{shown} 等，另有 {count} 项</translation>
    </message>
    <message>
        <source>The books will be changed to what was counted: {differences}.</source>
        <translation>账面数将改为实盘数：{differences}。</translation>
    </message>
</context>
<context>
    <name>CountingPage</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Ordered as</source>
        <translation>订购单位</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Lines counted: {lines}, units: {units}</source>
        <translation>已清点 {lines} 行，{units} 件</translation>
    </message>
    <message>
        <source>All as expected</source>
        <translation>全部按预期</translation>
    </message>
    <message>
        <source>{code} is not on this document. Put it aside and scan the next one.</source>
        <translation>{code} 不在此单据上。请放到一边，扫描下一件。</translation>
    </message>
    <message>
        <source>This pack of {code} is no exact quantity in its stock unit. Count it and type the quantity in its line.</source>
        <translation>{code} 的这种包装折算成库存单位不是准确的数量。请清点后在其明细行中输入数量。</translation>
    </message>
    <message>
        <source>Scan</source>
        <translation>扫描</translation>
    </message>
    <message>
        <source>{code}: {counted} of {open}</source>
        <translation>{code}：{counted} / {open}</translation>
    </message>
    <message>
        <source>{code}: {counted} counted, only {open} expected. Put aside what is too many.</source>
        <translation>{code}：已清点 {counted}，应有 {open}。请将多出的放到一边。</translation>
    </message>
    <message>
        <source>Nothing is counted yet. Type a quantity in at least one line.</source>
        <translation>还没有清点。请至少在一行中输入数量。</translation>
    </message>
</context>
<context>
    <name>CustomerReturnPage</name>
    <message>
        <source>Without a shipment: at current cost</source>
        <translation>无发货单：按当前成本</translation>
    </message>
    <message>
        <source>Shipment</source>
        <translation>发货</translation>
    </message>
    <message>
        <source>Take in</source>
        <translation>退货入库</translation>
    </message>
    <message>
        <source>Take in without a shipment</source>
        <translation>无发货单退货入库</translation>
    </message>
    <message>
        <source>Close without goods</source>
        <translation>不再等货并关闭</translation>
    </message>
    <message>
        <source>Only announced: nothing has moved yet.</source>
        <translation>仅为通知：货物尚未入库。</translation>
    </message>
    <message>
        <source>This return is not waiting for goods.</source>
        <translation>此退货不在等待货物。</translation>
    </message>
    <message>
        <source>No shipment is known that these goods may be of.</source>
        <translation>找不到这些货物可能所属的发货。</translation>
    </message>
    <message>
        <source>The goods of this return are not waited for any more. Nothing moves and nothing is credited.</source>
        <translation>不再等待此退货的货物。库存不变，也不贷记任何金额。</translation>
    </message>
    <message>
        <source>Return closed without goods</source>
        <translation>退货已关闭，未收到货物</translation>
    </message>
    <message>
        <source>Returned</source>
        <translation>已退回</translation>
    </message>
    <message>
        <source>Announced on</source>
        <translation>通知日期</translation>
    </message>
    <message>
        <source>nothing: it had not been delivered</source>
        <translation>无：货物尚未送达</translation>
    </message>
    <message>
        <source>Announced value</source>
        <translation>通知金额</translation>
    </message>
    <message>
        <source>Announced as</source>
        <translation>对应的退货通知</translation>
    </message>
    <message>
        <source>The channel&apos;s number</source>
        <translation>渠道单号</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Taken in as</source>
        <translation>已收货，单号</translation>
    </message>
    <message>
        <source>Closed without goods on</source>
        <translation>未收货关闭日期</translation>
    </message>
    <message>
        <source>Credited</source>
        <translation>退款金额</translation>
    </message>
</context>
<context>
    <name>CustomerReturns</name>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Shipment</source>
        <translation>发货</translation>
    </message>
    <message>
        <source>Customer</source>
        <translation>客户</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Returned</source>
        <translation>已退回</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Credited</source>
        <translation>退款金额</translation>
    </message>
    <message>
        <source>Customer returns</source>
        <translation>销售退货</translation>
    </message>
    <message>
        <source>No customer returns yet</source>
        <translation>还没有销售退货</translation>
    </message>
    <message>
        <source>A return is taken in from the page of its shipment, or here where nobody knows the shipment.</source>
        <translation>退货从其发货单页面入库；不知道是哪张发货单时在此处入库。</translation>
    </message>
    <message>
        <source>none: current cost</source>
        <translation>无：按当前成本</translation>
    </message>
    <message>
        <source>Number, shipment, customer, reason</source>
        <translation>编号、发货单、客户、原因</translation>
    </message>
    <message>
        <source>Return without a shipment</source>
        <translation>无发货单退货</translation>
    </message>
</context>
<context>
    <name>DispatchTransferForm</name>
    <message>
        <source>&amp;From</source>
        <translation>调出仓库(&amp;F)</translation>
    </message>
    <message>
        <source>From</source>
        <translation>调出仓库</translation>
    </message>
    <message>
        <source>&amp;To</source>
        <translation>调入仓库(&amp;T)</translation>
    </message>
    <message>
        <source>To</source>
        <translation>调入仓库</translation>
    </message>
    <message>
        <source>Dispatched &amp;on</source>
        <translation>发出日期(&amp;O)</translation>
    </message>
    <message>
        <source>Dispatched on</source>
        <translation>发出日期</translation>
    </message>
    <message>
        <source>&amp;Carrier</source>
        <translation>承运商(&amp;C)</translation>
    </message>
    <message>
        <source>Carrier</source>
        <translation>承运商</translation>
    </message>
    <message>
        <source>Trac&amp;king number</source>
        <translation>运单号(&amp;K)</translation>
    </message>
    <message>
        <source>Tracking number</source>
        <translation>运单号</translation>
    </message>
    <message>
        <source>&amp;Expected on</source>
        <translation>预计到达(&amp;E)</translation>
    </message>
    <message>
        <source>Expected on</source>
        <translation>预计到达</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细行</translation>
    </message>
</context>
<context>
    <name>DispatchTransferPage</name>
    <message>
        <source>Dispatch</source>
        <translation>发出</translation>
    </message>
    <message>
        <source>Dispatch goods</source>
        <translation>发出调拨</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>From bin</source>
        <translation>调出货位</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>可承诺量</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Lines: {count}</source>
        <translation>明细行：{count}</translation>
    </message>
    <message>
        <source>Units: {qty}</source>
        <translation>数量：{qty}</translation>
    </message>
    <message>
        <source>Goods dispatched: they are in transit now</source>
        <translation>货已发出，现在在途</translation>
    </message>
</context>
<context>
    <name>DockLines</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
    <message>
        <source>Product, bin</source>
        <translation>商品、货位</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>In order unit</source>
        <translation>按订购单位</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Came back</source>
        <translation>退回数量</translation>
    </message>
    <message>
        <source>Scrapped</source>
        <translation>报废</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>价格</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
</context>
<context>
    <name>Doctor</name>
    <message>
        <source>Quantity of a cost pool against its costed moves</source>
        <translation>成本池数量与已核算流水</translation>
    </message>
    <message>
        <source>Value of a cost pool against its moves and adjustments</source>
        <translation>成本池价值与流水及调整</translation>
    </message>
    <message>
        <source>Quantity of a cost pool against its layers</source>
        <translation>成本池数量与成本层</translation>
    </message>
    <message>
        <source>Value of a cost pool against its layers</source>
        <translation>成本池价值与成本层</translation>
    </message>
    <message>
        <source>Quantity that layers took in against the moves that brought it</source>
        <translation>成本层入库数量与带来它的流水</translation>
    </message>
    <message>
        <source>Value that layers took in against the moves that brought it</source>
        <translation>成本层入库价值与带来它的流水</translation>
    </message>
    <message>
        <source>Quantity left of a cost layer against what was taken</source>
        <translation>成本层剩余数量与已消耗数量</translation>
    </message>
    <message>
        <source>Value left of a cost layer against what was taken and added</source>
        <translation>成本层剩余价值与消耗及追加</translation>
    </message>
    <message>
        <source>Value where there is no quantity</source>
        <translation>无数量却有价值</translation>
    </message>
    <message>
        <source>Quantity of an issue against what it took of layers</source>
        <translation>发出数量与其消耗的成本层</translation>
    </message>
    <message>
        <source>Cost of an issue against the value that it took of layers</source>
        <translation>发出成本与其消耗的成本层价值</translation>
    </message>
    <message>
        <source>Quantity of a stock move against its costing</source>
        <translation>库存流水数量与其成本核算</translation>
    </message>
    <message>
        <source>Landed cost against what it added to inventory and cost of sales</source>
        <translation>到岸成本与计入存货及销售成本的金额</translation>
    </message>
    <message>
        <source>Share of a landed cost against how it fell</source>
        <translation>到岸成本分摊与其归属</translation>
    </message>
    <message>
        <source>Credits of a journal entry against its debits</source>
        <translation>记账凭证贷方与借方</translation>
    </message>
    <message>
        <source>Date of a journal line against its entry</source>
        <translation>分录日期与凭证日期</translation>
    </message>
    <message>
        <source>Date of a journal entry against its period</source>
        <translation>凭证日期与会计期间</translation>
    </message>
    <message>
        <source>Voucher numbers of a period, missing ones in brackets</source>
        <translation>期间凭证号，括号内为缺号</translation>
    </message>
    <message>
        <source>Debit balance of an account against its journal lines</source>
        <translation>科目借方余额与分录</translation>
    </message>
    <message>
        <source>Credit balance of an account against its journal lines</source>
        <translation>科目贷方余额与分录</translation>
    </message>
    <message>
        <source>Balance of the inventory accounts against the cost pools</source>
        <translation>存货科目余额与成本池核对</translation>
    </message>
    <message>
        <source>Balance of the inventory accounts against stock moves at cost</source>
        <translation>存货科目余额与按成本计的库存流水</translation>
    </message>
    <message>
        <source>Quantity on hand against stock moves</source>
        <translation>现存量与库存流水</translation>
    </message>
    <message>
        <source>Lot of what is on hand against how the product is kept</source>
        <translation>现存量的批次与商品管理方式核对</translation>
    </message>
    <message>
        <source>Pieces of a serial number</source>
        <translation>每个序列号的件数</translation>
    </message>
    <message>
        <source>Allocated quantity against open allocations</source>
        <translation>已分配数量与未结分配</translation>
    </message>
    <message>
        <source>Warehouse of a stock balance against its bin</source>
        <translation>库存余额的仓库与其货位</translation>
    </message>
    <message>
        <source>Received quantity of a purchase order line against goods receipts</source>
        <translation>采购订单行已收数量与收货单</translation>
    </message>
    <message>
        <source>Shipped quantity of a sales order line against shipments</source>
        <translation>销售订单行已发数量与发货单</translation>
    </message>
    <message>
        <source>Allocated quantity of a sales order line against its allocations</source>
        <translation>销售订单行已分配数量与其分配</translation>
    </message>
    <message>
        <source>Invoiced quantity of a sales order line against sales invoices</source>
        <translation>销售订单行已开票数量与销售发票</translation>
    </message>
    <message>
        <source>Returned quantity of a shipment line against customer returns</source>
        <translation>发货行已退数量与销售退货</translation>
    </message>
    <message>
        <source>Quantity of a goods receipt line sent back against purchase returns</source>
        <translation>收货单行的退货数量与采购退货单</translation>
    </message>
    <message>
        <source>Status of a purchase order against what was received</source>
        <translation>采购订单状态与收货情况</translation>
    </message>
    <message>
        <source>Amount of a purchase order line against quantity and price</source>
        <translation>采购订单行金额与数量及价格</translation>
    </message>
    <message>
        <source>Amount of a sales order line against quantity, price and discount</source>
        <translation>销售订单行金额与数量、价格及折扣</translation>
    </message>
    <message>
        <source>Total of a purchase order against its lines</source>
        <translation>采购订单合计与其明细</translation>
    </message>
    <message>
        <source>Total of a sales order against its lines and freight</source>
        <translation>销售订单合计与其明细及运费</translation>
    </message>
    <message>
        <source>Total of a sales invoice against its lines</source>
        <translation>销售发票合计与其明细</translation>
    </message>
    <message>
        <source>Total of a customer return against its lines</source>
        <translation>销售退货合计与其明细</translation>
    </message>
    <message>
        <source>Total of a purchase return against its lines</source>
        <translation>采购退货单合计与其明细</translation>
    </message>
    <message>
        <source>Amount of a landed cost against its shares</source>
        <translation>到岸成本金额与其分摊</translation>
    </message>
    <message>
        <source>Document numbers, each given once and none left out</source>
        <translation>单据编号，每个只用一次且不缺号</translation>
    </message>
    <message>
        <source>{what}, {where}: {expected} expected, {found} found</source>
        <translation>{what}，{where}：应为 {expected}，实为 {found}</translation>
    </message>
    <message>
        <source>Costs to serve of a period against what was shared of them</source>
        <translation>会计期间的服务成本与其分摊结果</translation>
    </message>
    <message>
        <source>Costs to serve of a closed period against the ledger</source>
        <translation>已结账期间的服务成本与总账</translation>
    </message>
    <message>
        <source>Allowance of a product against its write-downs</source>
        <translation>商品的跌价准备与其计提记录</translation>
    </message>
    <message>
        <source>Balance of the allowance accounts against the allowances of products</source>
        <translation>跌价准备科目余额与各商品的跌价准备</translation>
    </message>
    <message>
        <source>Cost of an event: what is missing in the books, counted again from the beginning</source>
        <translation>事件的成本：从头重算后账上缺少的金额</translation>
    </message>
    <message>
        <source>Value of a cost pool counted again from the beginning</source>
        <translation>从头重算的成本池金额</translation>
    </message>
    <message>
        <source>Cost layer counted again from the beginning</source>
        <translation>从头重算的成本层</translation>
    </message>
    <message>
        <source>What a cost pool held when a month ended, counted again from the beginning</source>
        <translation>从头重算的成本池月末结存</translation>
    </message>
    <message>
        <source>What an issue took of a layer, counted again from the beginning</source>
        <translation>从头重算的发出所取成本层</translation>
    </message>
    <message>
        <source>A stream of events that cannot be counted again</source>
        <translation>无法重新计算的成本流水</translation>
    </message>
    <message>
        <source>Status of a goods transfer against what arrived</source>
        <translation>调拨单的状态与到货情况</translation>
    </message>
    <message>
        <source>Quantity of a goods transfer line against what left</source>
        <translation>调拨单明细的数量与发出的数量</translation>
    </message>
    <message>
        <source>Received quantity of a goods transfer line against what arrived</source>
        <translation>调拨单明细的已收数量与到达的数量</translation>
    </message>
    <message>
        <source>Lost quantity of a goods transfer line against what was written off</source>
        <translation>调拨单明细的损失数量与核销的数量</translation>
    </message>
    <message>
        <source>Balance of the goods dispatched accounts against the shipments under way</source>
        <translation>发出商品科目余额与在途发货的核对</translation>
    </message>
</context>
<context>
    <name>Document</name>
    <message>
        <source>Tax number {number}</source>
        <translation>税号 {number}</translation>
    </message>
    <message>
        <source>Packing slip</source>
        <translation>装箱单</translation>
    </message>
    <message>
        <source>not numbered yet</source>
        <translation>尚未编号</translation>
    </message>
    <message>
        <source>Ship to</source>
        <translation>收货地址</translation>
    </message>
    <message>
        <source>Shipped from</source>
        <translation>发货仓库</translation>
    </message>
    <message>
        <source>Shipped on</source>
        <translation>发货日期</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>订单</translation>
    </message>
    <message>
        <source>Your order</source>
        <translation>贵方订单号</translation>
    </message>
    <message>
        <source>Carrier</source>
        <translation>承运商</translation>
    </message>
    <message>
        <source>Tracking number</source>
        <translation>运单号</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>Packed by, date</source>
        <translation>打包人、日期</translation>
    </message>
    <message>
        <source>Received by, date</source>
        <translation>收货人、日期</translation>
    </message>
    <message>
        <source>No.</source>
        <translation>序号</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Ordered</source>
        <translation>订购</translation>
    </message>
    <message>
        <source>In this parcel</source>
        <translation>本包裹</translation>
    </message>
    <message>
        <source>To follow</source>
        <translation>后续发出</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Purchase order</source>
        <translation>采购订单</translation>
    </message>
    <message>
        <source>Draft: not yet an order.</source>
        <translation>草稿：尚未成为订单。</translation>
    </message>
    <message>
        <source>Cancelled: do not deliver.</source>
        <translation>已取消：请勿送货。</translation>
    </message>
    <message>
        <source>Supplier</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>Deliver to</source>
        <translation>送货地址</translation>
    </message>
    <message>
        <source>{days} days after the invoice</source>
        <translation>发票后 {days} 天</translation>
    </message>
    <message>
        <source>Order date</source>
        <translation>订单日期</translation>
    </message>
    <message>
        <source>Deliver by</source>
        <translation>要求到货日期</translation>
    </message>
    <message>
        <source>Your reference</source>
        <translation>贵方参考号</translation>
    </message>
    <message>
        <source>Payment</source>
        <translation>付款</translation>
    </message>
    <message>
        <source>Buyer</source>
        <translation>采购员</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>Please state our order number on the delivery note and the invoice, and tell us at once if a date, a quantity or a price cannot be kept.</source>
        <translation>请在送货单和发票上注明我方订单编号；如日期、数量或价格无法保证，请立即告知我们。</translation>
    </message>
    <message>
        <source>Terms</source>
        <translation>条款</translation>
    </message>
    <message>
        <source>Ordered by, date</source>
        <translation>订货人、日期</translation>
    </message>
    <message>
        <source>Confirmed by supplier, date</source>
        <translation>供应商确认、日期</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Unit price</source>
        <translation>单价</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
    <message>
        <source>Total {currency}</source>
        <translation>合计 {currency}</translation>
    </message>
    <message>
        <source>Return note</source>
        <translation>采购退货单</translation>
    </message>
    <message>
        <source>Returned from</source>
        <translation>退出仓库</translation>
    </message>
    <message>
        <source>Returned on</source>
        <translation>退货日期</translation>
    </message>
    <message>
        <source>Goods receipt</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>Our order</source>
        <translation>我方订单</translation>
    </message>
    <message>
        <source>Your delivery note</source>
        <translation>贵方送货单</translation>
    </message>
    <message>
        <source>Your credit note</source>
        <translation>贵方贷项通知单</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Please credit us the goods above and state our return number on the note.</source>
        <translation>请就上列货物开具贷项通知单，并注明我方退货单号。</translation>
    </message>
    <message>
        <source>Credit</source>
        <translation>贷记金额</translation>
    </message>
    <message>
        <source>Handed over by, date</source>
        <translation>交货人、日期</translation>
    </message>
    <message>
        <source>Transfer note</source>
        <translation>调拨单</translation>
    </message>
    <message>
        <source>Sent to</source>
        <translation>发往</translation>
    </message>
    <message>
        <source>Dispatched on</source>
        <translation>发出日期</translation>
    </message>
    <message>
        <source>Expected on</source>
        <translation>预计到达</translation>
    </message>
    <message>
        <source>Dispatched by, date</source>
        <translation>发货人、日期</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>From bin</source>
        <translation>调出货位</translation>
    </message>
</context>
<context>
    <name>Document kind</name>
    <message>
        <source>Purchase order</source>
        <translation>采购订单</translation>
    </message>
    <message>
        <source>Goods receipt</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>Purchase return</source>
        <translation>采购退货</translation>
    </message>
    <message>
        <source>Price correction</source>
        <translation>价格更正</translation>
    </message>
    <message>
        <source>Landed cost</source>
        <translation>到岸成本</translation>
    </message>
    <message>
        <source>Sales order</source>
        <translation>销售订单</translation>
    </message>
    <message>
        <source>Shipment</source>
        <translation>发货</translation>
    </message>
    <message>
        <source>Sales invoice</source>
        <translation>销售发票</translation>
    </message>
    <message>
        <source>Customer return</source>
        <translation>销售退货</translation>
    </message>
    <message>
        <source>Goods transfer</source>
        <translation>调拨单</translation>
    </message>
    <message>
        <source>Scrapped goods</source>
        <translation>货物报废</translation>
    </message>
    <message>
        <source>Stock count</source>
        <translation>盘点单</translation>
    </message>
    <message>
        <source>Stock revaluation</source>
        <translation>库存重估</translation>
    </message>
    <message>
        <source>Write-down</source>
        <translation>跌价准备</translation>
    </message>
    <message>
        <source>Standard cost change</source>
        <translation>标准成本变动</translation>
    </message>
    <message>
        <source>Journal entry</source>
        <translation>记账凭证</translation>
    </message>
    <message>
        <source>Period</source>
        <translation>会计期间</translation>
    </message>
    <message>
        <source>Cost book</source>
        <translation>成本账簿</translation>
    </message>
    <message>
        <source>New</source>
        <translation>新建</translation>
    </message>
    <message>
        <source>New (number follows)</source>
        <translation>新建（编号随后生成）</translation>
    </message>
</context>
<context>
    <name>DocumentHeader</name>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
</context>
<context>
    <name>DocumentList</name>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>最近 7 天</translation>
    </message>
    <message>
        <source>This month</source>
        <translation>本月</translation>
    </message>
    <message>
        <source>This year</source>
        <translation>本年</translation>
    </message>
    <message>
        <source>Before today</source>
        <translation>今天之前</translation>
    </message>
    <message>
        <source>Next 7 days</source>
        <translation>未来 7 天</translation>
    </message>
    <message>
        <source>Next 30 days</source>
        <translation>未来 30 天</translation>
    </message>
    <message>
        <source>Due</source>
        <translation>到期</translation>
    </message>
</context>
<context>
    <name>DocumentPage</name>
    <message>
        <source>History</source>
        <translation>历史记录</translation>
    </message>
    <message>
        <source>Attachments</source>
        <translation>附件</translation>
    </message>
    <message>
        <source>Something else is typed here and still open. Save it or discard it first, then edit the refused entry.</source>
        <translation>此处有其他内容尚未保存，仍保留着。请先保存或放弃，再修改被拒绝的录入。</translation>
    </message>
    <message>
        <source>{action} (Ctrl+Enter)</source>
        <translation>{action} (Ctrl+Enter)</translation>
    </message>
    <message>
        <source>Your role does not allow this.</source>
        <translation>您的角色无权执行此操作。</translation>
    </message>
    <message>
        <source>Go back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>New: {document}</source>
        <translation>新建：{document}</translation>
    </message>
    <message>
        <source>{document}, new</source>
        <translation>{document}，新建</translation>
    </message>
    <message>
        <source>This document is not here: it was never saved, has not arrived yet, or is not for your role.</source>
        <translation>此单据不在这里：从未保存、尚未到达，或您的角色无权查看。</translation>
    </message>
</context>
<context>
    <name>DropDialog</name>
    <message>
        <source>Drop with a reason</source>
        <translation>说明原因并放弃</translation>
    </message>
    <message>
        <source>{what} will not be carried out. Why?</source>
        <translation>“{what}”将不再执行。原因是什么？</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Drop</source>
        <translation>放弃</translation>
    </message>
    <message>
        <source>Go back</source>
        <translation>返回</translation>
    </message>
</context>
<context>
    <name>EffectPanel</name>
    <message>
        <source>Being worked out …</source>
        <translation>正在计算…</translation>
    </message>
    <message>
        <source>Effect on stock, cost of sales and ledger</source>
        <translation>对库存、销售成本和总账的影响</translation>
    </message>
    <message>
        <source>What this would change, as the centre works it out; nothing is written (F7)</source>
        <translation>由中心服务算出这会改变什么；不会写入任何数据 (F7)</translation>
    </message>
    <message>
        <source>The effect could not be worked out ({reference}); you can post without it.</source>
        <translation>无法算出影响（{reference}）；不看影响也可以过账。</translation>
    </message>
    <message>
        <source>Fill in the form, and its effect is shown here.</source>
        <translation>填好表单后，这里显示它的影响。</translation>
    </message>
    <message>
        <source>Goods dispatched {amount} {currency}</source>
        <translation>发出商品 {amount} {currency}</translation>
    </message>
    <message>
        <source>Purchase price variance {amount} {currency}</source>
        <translation>采购价格差异 {amount} {currency}</translation>
    </message>
    <message>
        <source>Exchange difference {amount} {currency}</source>
        <translation>汇兑差额 {amount} {currency}</translation>
    </message>
    <message>
        <source>Stock value, cost of sales and ledger stay as they are.</source>
        <translation>库存价值、销售成本和总账保持不变。</translation>
    </message>
    <message>
        <source>Stock value {amount} {currency}</source>
        <translation>库存价值 {amount} {currency}</translation>
    </message>
    <message>
        <source>Allowance against stock {amount} {currency}</source>
        <translation>跌价准备 {amount} {currency}</translation>
    </message>
    <message>
        <source>Write-down expense {amount} {currency}</source>
        <translation>跌价损失 {amount} {currency}</translation>
    </message>
    <message>
        <source>Cost of sales {amount} {currency}</source>
        <translation>销售成本 {amount} {currency}</translation>
    </message>
    <message>
        <source>Posted documents corrected: {count}</source>
        <translation>更正的已过账单据：{count}</translation>
    </message>
    <message>
        <source>Total</source>
        <translation>合计</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Stock before</source>
        <translation>之前库存</translation>
    </message>
    <message>
        <source>Stock after</source>
        <translation>之后库存</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Value before</source>
        <translation>之前价值</translation>
    </message>
    <message>
        <source>Value after</source>
        <translation>之后价值</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>变动</translation>
    </message>
    <message>
        <source>Stock before and after</source>
        <translation>库存前后对比</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Account</source>
        <translation>科目</translation>
    </message>
    <message>
        <source>Account name</source>
        <translation>科目名称</translation>
    </message>
    <message>
        <source>Event</source>
        <translation>业务</translation>
    </message>
    <message>
        <source>Debit</source>
        <translation>借方</translation>
    </message>
    <message>
        <source>Credit</source>
        <translation>贷方</translation>
    </message>
    <message>
        <source>Journal entry</source>
        <translation>记账凭证</translation>
    </message>
    <message>
        <source>Document</source>
        <translation>单据</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Stock value</source>
        <translation>库存价值</translation>
    </message>
    <message>
        <source>Cost of sales</source>
        <translation>销售成本</translation>
    </message>
    <message>
        <source>Corrected documents</source>
        <translation>更正的单据</translation>
    </message>
    <message>
        <source>Cost book</source>
        <translation>成本账簿</translation>
    </message>
    <message>
        <source>Cost books</source>
        <translation>成本账簿</translation>
    </message>
    <message>
        <source>and {count} more</source>
        <translation>还有 {count} 条</translation>
    </message>
</context>
<context>
    <name>EmployeeForm</name>
    <message>
        <source>&amp;Code</source>
        <translation>编码(&amp;C)</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>&amp;Job title</source>
        <translation>职务(&amp;J)</translation>
    </message>
    <message>
        <source>Job title</source>
        <translation>职务</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>姓名(&amp;N)</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>姓名</translation>
    </message>
    <message>
        <source>&amp;Manager</source>
        <translation>上级(&amp;M)</translation>
    </message>
    <message>
        <source>Manager</source>
        <translation>上级</translation>
    </message>
    <message>
        <source>&amp;E-mail</source>
        <translation>电子邮件(&amp;E)</translation>
    </message>
    <message>
        <source>E-mail</source>
        <translation>电子邮件</translation>
    </message>
    <message>
        <source>&amp;Telephone</source>
        <translation>电话(&amp;T)</translation>
    </message>
    <message>
        <source>Telephone</source>
        <translation>电话</translation>
    </message>
    <message>
        <source>&amp;Hired on</source>
        <translation>入职日期(&amp;H)</translation>
    </message>
    <message>
        <source>Hired on</source>
        <translation>入职日期</translation>
    </message>
    <message>
        <source>Acti&amp;ve</source>
        <translation>启用(&amp;V)</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
</context>
<context>
    <name>Employees</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>姓名</translation>
    </message>
    <message>
        <source>Job title</source>
        <translation>职务</translation>
    </message>
    <message>
        <source>Manager</source>
        <translation>上级</translation>
    </message>
    <message>
        <source>E-mail</source>
        <translation>电子邮件</translation>
    </message>
    <message>
        <source>Telephone</source>
        <translation>电话</translation>
    </message>
    <message>
        <source>Hired</source>
        <translation>入职日期</translation>
    </message>
    <message>
        <source>Employees</source>
        <translation>员工</translation>
    </message>
    <message>
        <source>No employees yet</source>
        <translation>还没有员工</translation>
    </message>
    <message>
        <source>New employee</source>
        <translation>新建员工</translation>
    </message>
</context>
<context>
    <name>Entry</name>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>May go below zero</source>
        <translation>允许负库存</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
    <message>
        <source>Category</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>Channel</source>
        <translation>渠道</translation>
    </message>
    <message>
        <source>City</source>
        <translation>城市</translation>
    </message>
    <message>
        <source>Closed on</source>
        <translation>关闭日期</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Commission rate</source>
        <translation>佣金比例</translation>
    </message>
    <message>
        <source>Contact</source>
        <translation>联系人</translation>
    </message>
    <message>
        <source>Cost centre</source>
        <translation>成本中心</translation>
    </message>
    <message>
        <source>Costing method</source>
        <translation>计价方法</translation>
    </message>
    <message>
        <source>Cost pool</source>
        <translation>成本池</translation>
    </message>
    <message>
        <source>Counted on</source>
        <translation>盘点日期</translation>
    </message>
    <message>
        <source>Counted</source>
        <translation>盘点数量</translation>
    </message>
    <message>
        <source>Country</source>
        <translation>国家/地区</translation>
    </message>
    <message>
        <source>Credit</source>
        <translation>贷方</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>Customer</source>
        <translation>客户</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Debit</source>
        <translation>借方</translation>
    </message>
    <message>
        <source>Delivered on</source>
        <translation>送达日期</translation>
    </message>
    <message>
        <source>Delivery note</source>
        <translation>送货单号</translation>
    </message>
    <message>
        <source>Number of units</source>
        <translation>单位数量</translation>
    </message>
    <message>
        <source>Discount</source>
        <translation>折扣</translation>
    </message>
    <message>
        <source>Dispatched on</source>
        <translation>发出日期</translation>
    </message>
    <message>
        <source>Distributor</source>
        <translation>分销商</translation>
    </message>
    <message>
        <source>Due on</source>
        <translation>到期日期</translation>
    </message>
    <message>
        <source>From</source>
        <translation>起始日期</translation>
    </message>
    <message>
        <source>Email</source>
        <translation>电子邮件</translation>
    </message>
    <message>
        <source>Expected on</source>
        <translation>预计到达</translation>
    </message>
    <message>
        <source>Channel&apos;s number</source>
        <translation>渠道单号</translation>
    </message>
    <message>
        <source>Freight</source>
        <translation>运费</translation>
    </message>
    <message>
        <source>Valid from</source>
        <translation>生效日期</translation>
    </message>
    <message>
        <source>From quantity</source>
        <translation>起始数量</translation>
    </message>
    <message>
        <source>Hired on</source>
        <translation>入职日期</translation>
    </message>
    <message>
        <source>Invoice number</source>
        <translation>发票号</translation>
    </message>
    <message>
        <source>Invoiced on</source>
        <translation>开票日期</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
    <message>
        <source>Carrier</source>
        <translation>承运商</translation>
    </message>
    <message>
        <source>Kept in stock</source>
        <translation>管理库存</translation>
    </message>
    <message>
        <source>Supplier</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>List price</source>
        <translation>标价</translation>
    </message>
    <message>
        <source>Sign-in name</source>
        <translation>登录名</translation>
    </message>
    <message>
        <source>Manager</source>
        <translation>主管</translation>
    </message>
    <message>
        <source>Maximum</source>
        <translation>最高库存</translation>
    </message>
    <message>
        <source>Kind of file</source>
        <translation>文件类型</translation>
    </message>
    <message>
        <source>Minimum</source>
        <translation>最低库存</translation>
    </message>
    <message>
        <source>Moved on</source>
        <translation>调拨日期</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Chinese name</source>
        <translation>中文名称</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>Number of stock units</source>
        <translation>库存单位数量</translation>
    </message>
    <message>
        <source>Ordered on</source>
        <translation>下单日期</translation>
    </message>
    <message>
        <source>Part of</source>
        <translation>上级</translation>
    </message>
    <message>
        <source>Days to pay</source>
        <translation>付款天数</translation>
    </message>
    <message>
        <source>Phone</source>
        <translation>电话</translation>
    </message>
    <message>
        <source>Postal code</source>
        <translation>邮政编码</translation>
    </message>
    <message>
        <source>Price level</source>
        <translation>价格等级</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>优先级</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Received on</source>
        <translation>收货日期</translation>
    </message>
    <message>
        <source>Bin for goods that arrive</source>
        <translation>收货库位</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>参考号</translation>
    </message>
    <message>
        <source>Returned on</source>
        <translation>退货日期</translation>
    </message>
    <message>
        <source>Roles</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Scrapped on</source>
        <translation>报废日期</translation>
    </message>
    <message>
        <source>Fingerprint of the content</source>
        <translation>内容指纹</translation>
    </message>
    <message>
        <source>Ship to</source>
        <translation>收货地址</translation>
    </message>
    <message>
        <source>Shipped on</source>
        <translation>发货日期</translation>
    </message>
    <message>
        <source>Size in bytes</source>
        <translation>大小（字节）</translation>
    </message>
    <message>
        <source>Tax number</source>
        <translation>税号</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>Job title</source>
        <translation>职务</translation>
    </message>
    <message>
        <source>Tracking by lot</source>
        <translation>批次管理</translation>
    </message>
    <message>
        <source>Tracking number</source>
        <translation>运单号</translation>
    </message>
    <message>
        <source>Unit cost</source>
        <translation>单位成本</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>价格</translation>
    </message>
    <message>
        <source>Day</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Volume (m³)</source>
        <translation>体积（m³）</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Works in</source>
        <translation>工作仓库</translation>
    </message>
    <message>
        <source>Weight (kg)</source>
        <translation>重量（kg）</translation>
    </message>
    <message>
        <source>Year</source>
        <translation>年度</translation>
    </message>
    <message>
        <source>Zone</source>
        <translation>库区</translation>
    </message>
</context>
<context>
    <name>ExchangeFact</name>
    <message>
        <source>Exchange difference</source>
        <translation>汇兑差额</translation>
    </message>
    <message>
        <source>Exchange gain</source>
        <translation>汇兑收益</translation>
    </message>
    <message>
        <source>Exchange loss</source>
        <translation>汇兑损失</translation>
    </message>
</context>
<context>
    <name>ExchangeRateForm</name>
    <message>
        <source>&amp;Currency</source>
        <translation>币种(&amp;C)</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>From &amp;date</source>
        <translation>生效日期(&amp;D)</translation>
    </message>
    <message>
        <source>From date</source>
        <translation>生效日期</translation>
    </message>
    <message>
        <source>&amp;Rate</source>
        <translation>汇率(&amp;R)</translation>
    </message>
    <message>
        <source>Rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>What one unit of the currency is worth in company currency</source>
        <translation>一单位该币种折合多少本位币</translation>
    </message>
</context>
<context>
    <name>ExchangeRatePage</name>
    <message>
        <source>The rate so far is {known}, the new one is {rate}. If the decimal point slipped, go back and correct it.</source>
        <translation>目前的汇率是 {known}，新汇率是 {rate}。如果小数点输错了，请返回改正。</translation>
    </message>
    <message>
        <source>Save it all the same</source>
        <translation>仍然保存</translation>
    </message>
</context>
<context>
    <name>ExchangeRates</name>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>From date</source>
        <translation>生效日期</translation>
    </message>
    <message>
        <source>Rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Exchange rates</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>No exchange rates yet</source>
        <translation>还没有汇率</translation>
    </message>
    <message>
        <source>A rate says what one unit of a foreign currency is worth in company currency from a day on.</source>
        <translation>汇率表示从某日起一单位外币折合多少本位币。</translation>
    </message>
    <message>
        <source>New exchange rate</source>
        <translation>新建汇率</translation>
    </message>
</context>
<context>
    <name>ExpectedOrders</name>
    <message>
        <source>To receive</source>
        <translation>待收货</translation>
    </message>
    <message>
        <source>No goods are expected</source>
        <translation>没有待收的货物</translation>
    </message>
    <message>
        <source>Goods can be received once their purchase order is confirmed.</source>
        <translation>采购订单确认后即可收货。</translation>
    </message>
    <message>
        <source>Receive goods</source>
        <translation>收货</translation>
    </message>
</context>
<context>
    <name>Field</name>
    <message>
        <source>Fill in {field}.</source>
        <translation>请填写{field}。</translation>
    </message>
    <message>
        <source>Changed, not saved yet</source>
        <translation>已更改，尚未保存</translation>
    </message>
    <message>
        <source>{text} is not known here. Choose from the list.</source>
        <translation>这里没有 {text}。请从列表中选择。</translation>
    </message>
    <message>
        <source>Nothing matches</source>
        <translation>没有匹配项</translation>
    </message>
    <message>
        <source>Records found</source>
        <translation>找到的记录</translation>
    </message>
    <message>
        <source>{text} has more than {places} decimals. Type fewer.</source>
        <translation>{text} 的小数超过 {places} 位。请减少位数。</translation>
    </message>
    <message>
        <source>{text} is too large to be kept. Type a smaller number.</source>
        <translation>{text} 太大，无法保存。请输入较小的数。</translation>
    </message>
    <message>
        <source>{text} is not a number. Type digits, such as 1,234.50, or a sum such as 12*3.5.</source>
        <translation>{text} 不是数字。请输入数字，例如 1,234.50，或算式，例如 12*3.5。</translation>
    </message>
    <message>
        <source>There is no day {text}. This month has {days} days.</source>
        <translation>没有 {text} 这一天。本月有 {days} 天。</translation>
    </message>
    <message>
        <source>{text} is not a date. Type 2024-03-15, 0315, 15, +7 or t for today.</source>
        <translation>{text} 不是日期。请输入 2024-03-15、0315、15、+7，或用 t 表示今天。</translation>
    </message>
</context>
<context>
    <name>Files</name>
    <message>
        <source>Add file</source>
        <translation>添加文件</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Save as</source>
        <translation>另存为</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Where it is</source>
        <translation>所在位置</translation>
    </message>
    <message>
        <source>Added by</source>
        <translation>添加人</translation>
    </message>
    <message>
        <source>When</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Attachments</source>
        <translation>附件</translation>
    </message>
    <message>
        <source>Add files</source>
        <translation>添加文件</translation>
    </message>
    <message>
        <source>Nothing was added: neither files nor a picture were copied.</source>
        <translation>没有添加任何内容：剪贴板中既没有文件也没有图片。</translation>
    </message>
    <message>
        <source>Picture {when}.png</source>
        <translation>图片 {when}.png</translation>
    </message>
    <message>
        <source>Adding files</source>
        <translation>正在添加文件</translation>
    </message>
    <message>
        <source>{file} may be a program that does something to this computer, so it is not opened from here. Save it, if you know who added it and what it is. Nothing was changed.</source>
        <translation>{file} 可能是会在本机上执行操作的程序，因此不在这里打开。如果您知道是谁添加的、是什么文件，可以另存。没有任何更改。</translation>
    </message>
    <message>
        <source>No program on this computer opens {file}. Save it and choose one; the attachment is kept.</source>
        <translation>本机没有可以打开 {file} 的程序。请另存后选择程序；附件会保留。</translation>
    </message>
    <message>
        <source>Save attachment</source>
        <translation>保存附件</translation>
    </message>
    <message>
        <source>Saved as {file}.</source>
        <translation>已保存为 {file}。</translation>
    </message>
    <message>
        <source>Fetching {file}</source>
        <translation>正在取回 {file}</translation>
    </message>
    <message>
        <source>Remove {file}? Nobody can open it here any more; that it was here, and who removed it, stays to be seen.</source>
        <translation>移除 {file}？之后任何人都不能在这里打开它；它曾经存在以及由谁移除的记录会保留。</translation>
    </message>
    <message>
        <source>{file} was removed.</source>
        <translation>{file} 已移除。</translation>
    </message>
    <message>
        <source>{count} bytes</source>
        <translation>{count} 字节</translation>
    </message>
    <message>
        <source>Nothing is attached. Drop files on the page, paste a picture, or press Add file.</source>
        <translation>没有附件。可以把文件拖到页面上、粘贴图片，或点击“添加文件”。</translation>
    </message>
    <message>
        <source>One file is attached.</source>
        <translation>有 1 个附件。</translation>
    </message>
    <message>
        <source>{count} files are attached.</source>
        <translation>有 {count} 个附件。</translation>
    </message>
    <message>
        <source>Removed by {person}, {when}</source>
        <translation>已由 {person} 移除，{when}</translation>
    </message>
    <message>
        <source>Being sent, {percent}%</source>
        <translation>正在发送，{percent}%</translation>
    </message>
    <message>
        <source>Here, waits to be sent</source>
        <translation>在本机，等待发送</translation>
    </message>
    <message>
        <source>Here; the centre has no room for it</source>
        <translation>在本机；中心服务空间不足</translation>
    </message>
    <message>
        <source>Damaged here: attach it once more</source>
        <translation>本机内容已损坏：请重新添加</translation>
    </message>
    <message>
        <source>On this computer</source>
        <translation>在本机</translation>
    </message>
    <message>
        <source>At the central service</source>
        <translation>在中心服务</translation>
    </message>
    <message>
        <source>On its way from another computer</source>
        <translation>正从另一台电脑发送</translation>
    </message>
    <message>
        <source>Not on this computer, which is offline</source>
        <translation>不在本机；当前离线</translation>
    </message>
</context>
<context>
    <name>FirstSteps</name>
    <message>
        <source>New</source>
        <translation>新建</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Products</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>What is bought and sold. One by one, or all from an Excel or CSV file.</source>
        <translation>采购和销售的商品。可逐个新建，或从 Excel、CSV 文件一次导入。</translation>
    </message>
    <message>
        <source>Customers and suppliers</source>
        <translation>客户与供应商</translation>
    </message>
    <message>
        <source>Who it is bought from and sold to.</source>
        <translation>向谁采购、销售给谁。</translation>
    </message>
    <message>
        <source>Opening stock</source>
        <translation>期初库存</translation>
    </message>
    <message>
        <source>What is in the warehouse today, with its cost; skip it if there is nothing.</source>
        <translation>仓库中现有的商品及其成本；没有库存可跳过。</translation>
    </message>
    <message>
        <source>Count</source>
        <translation>盘点</translation>
    </message>
    <message>
        <source>The first purchase order</source>
        <translation>第一张采购订单</translation>
    </message>
    <message>
        <source>Its goods are then received in the warehouse, and can be sold.</source>
        <translation>之后即可在仓库收货并销售。</translation>
    </message>
    <message>
        <source>Begin here</source>
        <translation>从这里开始</translation>
    </message>
    <message>
        <source>done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>to do</source>
        <translation>待办</translation>
    </message>
</context>
<context>
    <name>FormPage</name>
    <message>
        <source>This document was changed elsewhere while you typed. Nothing of yours is lost.</source>
        <translation>您输入期间，此单据在别处被更改。您的输入没有丢失。</translation>
    </message>
    <message>
        <source>Show what is saved</source>
        <translation>显示已保存的内容</translation>
    </message>
    <message>
        <source>Keep mine</source>
        <translation>保留我的输入</translation>
    </message>
</context>
<context>
    <name>GoodsReceiptPage</name>
    <message>
        <source>Purchase order</source>
        <translation>采购订单</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>已收货</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Delivery note</source>
        <translation>送货单号</translation>
    </message>
    <message>
        <source>Exchange rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Sent back to the supplier</source>
        <translation>已退供应商</translation>
    </message>
    <message>
        <source>Unit cost</source>
        <translation>单位成本</translation>
    </message>
    <message>
        <source>Cost</source>
        <translation>成本</translation>
    </message>
    <message>
        <source>Return to supplier</source>
        <translation>退货给供应商</translation>
    </message>
    <message>
        <source>Enter landed cost</source>
        <translation>录入到岸成本</translation>
    </message>
    <message>
        <source>Correct the price</source>
        <translation>更正价格</translation>
    </message>
</context>
<context>
    <name>GoodsReceipts</name>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>订单</translation>
    </message>
    <message>
        <source>Supplier</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>已收货</translation>
    </message>
    <message>
        <source>Delivery note</source>
        <translation>送货单号</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Goods receipts</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>No goods receipts yet</source>
        <translation>还没有收货单</translation>
    </message>
    <message>
        <source>Number, order, supplier, delivery note</source>
        <translation>编号、订单、供应商、送货单号</translation>
    </message>
    <message>
        <source>Receive goods</source>
        <translation>收货</translation>
    </message>
    <message>
        <source>Enter landed cost</source>
        <translation>录入到岸成本</translation>
    </message>
    <message>
        <source>Freight, duty or insurance of the receipts that are selected</source>
        <translation>所选收货单的运费、关税或保险费</translation>
    </message>
</context>
<context>
    <name>GoodsTransferPage</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>From bin</source>
        <translation>调出货位</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Dispatched</source>
        <translation>已发出</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>已收入</translation>
    </message>
    <message>
        <source>Lost</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>In transit</source>
        <translation>在途</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细行</translation>
    </message>
    <message>
        <source>What moved, newest first</source>
        <translation>库存流水，最新的在前</translation>
    </message>
    <message>
        <source>Take in</source>
        <translation>收入</translation>
    </message>
    <message>
        <source>Close short</source>
        <translation>短收关闭</translation>
    </message>
    <message>
        <source>Print transfer note</source>
        <translation>打印调拨单</translation>
    </message>
    <message>
        <source>Nothing of this transfer is in transit any more.</source>
        <translation>这张调拨单已经没有在途的货。</translation>
    </message>
    <message>
        <source>The transfer is being read.</source>
        <translation>正在读取调拨单。</translation>
    </message>
    <message>
        <source>Printing the transfer note</source>
        <translation>正在打印调拨单</translation>
    </message>
    <message>
        <source>Moved</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>What</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Into bin</source>
        <translation>调入货位</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Moves</source>
        <translation>库存流水</translation>
    </message>
    <message>
        <source>{from} to {to}</source>
        <translation>{from} 到 {to}</translation>
    </message>
    <message>
        <source>Dispatched on</source>
        <translation>发出日期</translation>
    </message>
    <message>
        <source>Expected on</source>
        <translation>预计到达</translation>
    </message>
    <message>
        <source>Carrier</source>
        <translation>承运商</translation>
    </message>
    <message>
        <source>Tracking number</source>
        <translation>运单号</translation>
    </message>
    <message>
        <source>Closed short on</source>
        <translation>短收关闭日期</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
</context>
<context>
    <name>GoodsTransfers</name>
    <message>
        <source>Dispatch goods</source>
        <translation>发出调拨</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>From</source>
        <translation>调出仓库</translation>
    </message>
    <message>
        <source>To</source>
        <translation>调入仓库</translation>
    </message>
    <message>
        <source>Dispatched</source>
        <translation>发出日期</translation>
    </message>
    <message>
        <source>Expected</source>
        <translation>预计到达</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>In transit</source>
        <translation>在途</translation>
    </message>
    <message>
        <source>Goods transfers</source>
        <translation>调拨单</translation>
    </message>
    <message>
        <source>No goods transfers yet</source>
        <translation>还没有调拨单</translation>
    </message>
    <message>
        <source>Goods that go to another warehouse are in transit until they are taken in there.</source>
        <translation>发往另一个仓库的货，在那边收入之前都是在途。</translation>
    </message>
    <message>
        <source>Number, warehouse, carrier, tracking number</source>
        <translation>编号、仓库、承运商、运单号</translation>
    </message>
    <message>
        <source>Under way</source>
        <translation>在途中</translation>
    </message>
</context>
<context>
    <name>History</name>
    <message>
        <source>Who did what</source>
        <translation>操作记录</translation>
    </message>
    <message>
        <source>Refused attempts too, in the list of everything</source>
        <translation>在全部记录的列表中，也包括被拒绝的操作</translation>
    </message>
    <message>
        <source>When</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Who</source>
        <translation>人员</translation>
    </message>
    <message>
        <source>What</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Computer</source>
        <translation>电脑</translation>
    </message>
    <message>
        <source>History</source>
        <translation>历史记录</translation>
    </message>
    <message>
        <source>The central service is asked ...</source>
        <translation>正在询问中心服务……</translation>
    </message>
    <message>
        <source>Line added: {qty} of {product}</source>
        <translation>新增行：{product}，数量 {qty}</translation>
    </message>
    <message>
        <source>Line removed: {qty} of {product}</source>
        <translation>删除行：{product}，数量 {qty}</translation>
    </message>
    <message>
        <source>{product}, {field}: {was} → {now}</source>
        <translation>{product}，{field}：{was} → {now}</translation>
    </message>
    <message>
        <source>{field}: {was} → {now}</source>
        <translation>{field}：{was} → {now}</translation>
    </message>
    <message>
        <source>{action}: {record}</source>
        <translation>{action}：{record}</translation>
    </message>
    <message>
        <source>(empty)</source>
        <translation>（空）</translation>
    </message>
    <message>
        <source>Nothing was done to this yet that the central service knows of.</source>
        <translation>中心服务尚不知道对它做过任何操作。</translation>
    </message>
    <message>
        <source>The last {count} things that were done.</source>
        <translation>最近的 {count} 项操作。</translation>
    </message>
    <message>
        <source>One thing was done to this.</source>
        <translation>共有一项操作。</translation>
    </message>
    <message>
        <source>{count} things were done to this.</source>
        <translation>共有 {count} 项操作。</translation>
    </message>
</context>
<context>
    <name>Home</name>
    <message>
        <source>Purchase orders to receive</source>
        <translation>待收货的采购订单</translation>
    </message>
    <message>
        <source>Sales orders to ship</source>
        <translation>待发货的销售订单</translation>
    </message>
    <message>
        <source>Products below their minimum</source>
        <translation>低于最低库存的商品</translation>
    </message>
    <message>
        <source>Waiting for you</source>
        <translation>待您处理</translation>
    </message>
    <message>
        <source>Changes that need attention</source>
        <translation>需要处理的更改</translation>
    </message>
    <message>
        <source>Good morning, {name}</source>
        <translation>早上好，{name}</translation>
    </message>
    <message>
        <source>Good afternoon, {name}</source>
        <translation>下午好，{name}</translation>
    </message>
    <message>
        <source>Good evening, {name}</source>
        <translation>晚上好，{name}</translation>
    </message>
</context>
<context>
    <name>Import</name>
    <message>
        <source>Stock has moved here already; count it instead of opening it again</source>
        <translation>这里的库存已有流水；请盘点，不要再次录入期初</translation>
    </message>
    <message>
        <source>{field} is missing: {product} is kept by it</source>
        <translation>缺少{field}：{product} 按批次或序列号管理</translation>
    </message>
    <message>
        <source>{field}: {product} is not kept by it; leave it empty</source>
        <translation>{field}：{product} 不按批次或序列号管理，请留空</translation>
    </message>
    <message>
        <source>{field}: {product} is not kept by lot or serial number; leave it empty</source>
        <translation>{field}：{product} 不按批次或序列号管理，请留空</translation>
    </message>
    <message>
        <source>{field}: {qty} under one serial number; each piece has its own</source>
        <translation>{field}：一个序列号下有 {qty} 件；每件须有各自的序列号</translation>
    </message>
    <message>
        <source>{field} differs from row {row} of the same lot</source>
        <translation>{field}与同一批次的第 {row} 行不同</translation>
    </message>
    <message>
        <source>{field}: lot {lot} expires on {day} in the books</source>
        <translation>{field}：账上批次 {lot} 的有效期至 {day}</translation>
    </message>
    <message>
        <source>The warehouse has no bin yet</source>
        <translation>该仓库还没有货位</translation>
    </message>
    <message>
        <source>Row {row} of this order needs mending; an order is taken in whole</source>
        <translation>此订单的第 {row} 行需要修正；订单须整张导入</translation>
    </message>
    <message>
        <source>{field} differs from row {row} of the same order</source>
        <translation>{field}与同一订单第 {row} 行不同</translation>
    </message>
    <message>
        <source>Order {number} is here already with a total of {stored}, not {total}; change it there</source>
        <translation>订单 {number} 已存在，合计为 {stored}，而不是 {total}；请在那里更改</translation>
    </message>
    <message>
        <source>{field}: {problem}</source>
        <translation>{field}：{problem}</translation>
    </message>
    <message>
        <source>{field} is missing</source>
        <translation>缺少{field}</translation>
    </message>
    <message>
        <source>{field}: there is none with the code {code}</source>
        <translation>{field}：没有编码为 {code} 的记录</translation>
    </message>
    <message>
        <source>The same is in row {row} already</source>
        <translation>与第 {row} 行重复</translation>
    </message>
    <message>
        <source>{field}: {value} is below zero</source>
        <translation>{field}：{value} 小于零</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>No column for {field} was found in {file}. Its columns are: {headings}. Name it in a mapping (--map).</source>
        <translation>在 {file} 中没有找到{field}对应的列。现有列：{headings}。请在映射文件中指定（--map）。</translation>
    </message>
    <message>
        <source>{file} is not a mapping that can be used: {why}.</source>
        <translation>{file} 不是可用的映射文件：{why}。</translation>
    </message>
    <message>
        <source>there is no field {field}; there are {fields}</source>
        <translation>没有字段 {field}；现有 {fields}</translation>
    </message>
    <message>
        <source>there is no column {heading} in the file; there are {headings}</source>
        <translation>文件中没有列 {heading}；现有 {headings}</translation>
    </message>
    <message>
        <source>Opening stock of Northwind at {share} of the list price</source>
        <translation>Northwind 期初库存，按标价的 {share}</translation>
    </message>
    <message>
        <source>Sold by {name}</source>
        <translation>由 {name} 销售</translation>
    </message>
    <message>
        <source>{file} is not the Northwind database: it has no table {table}. Choose northwind.sqlite.gz or northwind_csv.zip.</source>
        <translation>{file} 不是 Northwind 数据库：没有表 {table}。请选择 northwind.sqlite.gz 或 northwind_csv.zip。</translation>
    </message>
    <message>
        <source>Online Retail order lines</source>
        <translation>Online Retail 订单行</translation>
    </message>
    <message>
        <source>Invoice</source>
        <translation>发票</translation>
    </message>
    <message>
        <source>Stock code</source>
        <translation>商品编码</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Invoice date</source>
        <translation>发票日期</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>价格</translation>
    </message>
    <message>
        <source>Customer ID</source>
        <translation>客户编号</translation>
    </message>
    <message>
        <source>Country</source>
        <translation>国家/地区</translation>
    </message>
    <message>
        <source>A bad-debt adjustment is no order; post it in the ledger</source>
        <translation>坏账调整不是订单；请在总账中过账</translation>
    </message>
    <message>
        <source>A negative quantity that is no cancellation corrects stock; count the stock instead</source>
        <translation>并非取消的负数量用于更正库存；请改为盘点</translation>
    </message>
    <message>
        <source>The quantity is zero</source>
        <translation>数量为零</translation>
    </message>
    <message>
        <source>A cancellation needs a negative quantity</source>
        <translation>取消需要负数量</translation>
    </message>
    <message>
        <source>The price is below zero</source>
        <translation>价格小于零</translation>
    </message>
    <message>
        <source>Row {row} of this invoice needs mending; an invoice is taken in whole</source>
        <translation>此发票的第 {row} 行需要修正；发票须整张导入</translation>
    </message>
    <message>
        <source>The invoice is here already with a total of {stored}, not {total}</source>
        <translation>发票已存在，合计为 {stored}，而不是 {total}</translation>
    </message>
    <message>
        <source>There is no product with the code {code}</source>
        <translation>没有编码为 {code} 的商品</translation>
    </message>
    <message>
        <source>There is no customer with the code {code}</source>
        <translation>没有编码为 {code} 的客户</translation>
    </message>
    <message>
        <source>{value} is not a number with at most {places} decimal places</source>
        <translation>{value} 不是最多 {places} 位小数的数字</translation>
    </message>
    <message>
        <source>{value} is not a share between 0 and 1 (or 0 % and 100 %)</source>
        <translation>{value} 不是 0 到 1（或 0 % 到 100 %）之间的比例</translation>
    </message>
    <message>
        <source>{value} is not a day; write it as 2024-03-15</source>
        <translation>{value} 不是日期；请写成 2024-03-15</translation>
    </message>
    <message>
        <source>{value} may be two different days; write it as 2024-03-15</source>
        <translation>{value} 可能是两个不同的日期；请写成 2024-03-15</translation>
    </message>
    <message>
        <source>{value} is neither yes nor no</source>
        <translation>{value} 既不是“是”也不是“否”</translation>
    </message>
    <message>
        <source>{value} is not a whole number</source>
        <translation>{value} 不是整数</translation>
    </message>
    <message>
        <source>{value} is not a text</source>
        <translation>{value} 不是文字</translation>
    </message>
    <message>
        <source>{value} is a code that a spreadsheet has shortened; format the column as text and enter it again</source>
        <translation>{value} 是被电子表格缩短的编码；请将该列设为文本格式后重新输入</translation>
    </message>
    <message>
        <source>The text is longer than {limit} characters</source>
        <translation>文字超过 {limit} 个字符</translation>
    </message>
    <message>
        <source>The text holds a character that cannot be stored</source>
        <translation>文字中含有无法保存的字符</translation>
    </message>
    <message>
        <source>{file} cannot be opened ({why}). Check the name and your rights to it.</source>
        <translation>无法打开 {file}（{why}）。请检查名称和访问权限。</translation>
    </message>
    <message>
        <source>{file} holds no rows. Choose another file.</source>
        <translation>{file} 中没有数据行。请选择其他文件。</translation>
    </message>
    <message>
        <source>{file} has no sheet named {sheet}. Choose another sheet.</source>
        <translation>{file} 中没有名为 {sheet} 的工作表。请选择其他工作表。</translation>
    </message>
    <message>
        <source>{file} is not a table that can be read here. Save it as .xlsx or .csv and import that.</source>
        <translation>{file} 不是这里能读取的表格。请另存为 .xlsx 或 .csv 后再导入。</translation>
    </message>
    <message>
        <source>{file} is damaged. Open it in the spreadsheet program, save it again as .xlsx, and import that.</source>
        <translation>{file} 已损坏。请在电子表格程序中打开并重新存为 .xlsx，再导入。</translation>
    </message>
    <message>
        <source>{file} is protected by a password. Save it without one and import that.</source>
        <translation>{file} 有密码保护。请取消密码保存后再导入。</translation>
    </message>
    <message>
        <source>{file} unpacks to more than can be opened safely. Split it into smaller files, or save it as .csv.</source>
        <translation>{file} 解压后超过安全限度。请拆分为较小的文件，或存为 .csv。</translation>
    </message>
    <message>
        <source>{file} holds XML definitions that do not belong in a workbook, so it was not opened. Save it again as .xlsx.</source>
        <translation>{file} 含有不属于工作簿的 XML 定义，因此没有打开。请重新存为 .xlsx。</translation>
    </message>
    <message>
        <source>Row {row} of {file} has more than {most} columns. Remove those that are not needed.</source>
        <translation>{file} 的第 {row} 行超过 {most} 列。请删除不需要的列。</translation>
    </message>
    <message>
        <source>{file} has more than {most} rows. Split it into smaller files.</source>
        <translation>{file} 超过 {most} 行。请拆分为较小的文件。</translation>
    </message>
    <message>
        <source>A cell near line {row} of {file} is too long to be one: a quotation mark may be missing. Correct that line.</source>
        <translation>{file} 第 {row} 行附近的单元格过长：可能缺少引号。请更正该行。</translation>
    </message>
    <message>
        <source>The characters of {file} cannot be recognised. Save it as CSV UTF-8 or as .xlsx and import that.</source>
        <translation>无法识别 {file} 的字符。请存为 CSV UTF-8 或 .xlsx 后再导入。</translation>
    </message>
    <message>
        <source>The formula has no stored value; open the file in the spreadsheet program, save it, and import it again</source>
        <translation>公式没有已保存的结果；请在电子表格程序中打开并保存文件，再重新导入</translation>
    </message>
    <message>
        <source>The formula comes out as {error}</source>
        <translation>公式的结果为 {error}</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Chinese name</source>
        <translation>中文名称</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Unit price</source>
        <translation>单价</translation>
    </message>
    <message>
        <source>Contact</source>
        <translation>联系人</translation>
    </message>
    <message>
        <source>E-mail</source>
        <translation>电子邮件</translation>
    </message>
    <message>
        <source>Phone</source>
        <translation>电话</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>City</source>
        <translation>城市</translation>
    </message>
    <message>
        <source>Postal code</source>
        <translation>邮政编码</translation>
    </message>
    <message>
        <source>Tax number</source>
        <translation>税号</translation>
    </message>
    <message>
        <source>Payment days</source>
        <translation>付款天数</translation>
    </message>
    <message>
        <source>Price level</source>
        <translation>价格等级</translation>
    </message>
    <message>
        <source>Commission rate</source>
        <translation>佣金比例</translation>
    </message>
    <message>
        <source>Category</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Supplier</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>List price</source>
        <translation>标价</translation>
    </message>
    <message>
        <source>Weight (kg)</source>
        <translation>重量（kg）</translation>
    </message>
    <message>
        <source>Volume (m3)</source>
        <translation>体积（m3）</translation>
    </message>
    <message>
        <source>Minimum</source>
        <translation>最低库存</translation>
    </message>
    <message>
        <source>Maximum</source>
        <translation>最高库存</translation>
    </message>
    <message>
        <source>Stocked</source>
        <translation>管理库存</translation>
    </message>
    <message>
        <source>Opening stock</source>
        <translation>期初库存</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Unit cost</source>
        <translation>单位成本</translation>
    </message>
    <message>
        <source>Lot or serial number</source>
        <translation>批次或序列号</translation>
    </message>
    <message>
        <source>Expiry date</source>
        <translation>有效期</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Channel orders</source>
        <translation>渠道订单</translation>
    </message>
    <message>
        <source>Order number</source>
        <translation>订单编号</translation>
    </message>
    <message>
        <source>Ordered</source>
        <translation>订购</translation>
    </message>
    <message>
        <source>Discount</source>
        <translation>折扣</translation>
    </message>
    <message>
        <source>Customer</source>
        <translation>客户</translation>
    </message>
    <message>
        <source>Ship to</source>
        <translation>收货地址</translation>
    </message>
    <message>
        <source>Channel</source>
        <translation>渠道</translation>
    </message>
    <message>
        <source>Suppliers</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>Distributors</source>
        <translation>分销商</translation>
    </message>
    <message>
        <source>Consumers</source>
        <translation>消费者</translation>
    </message>
    <message>
        <source>Carriers</source>
        <translation>承运商</translation>
    </message>
    <message>
        <source>Categories</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>Parent category</source>
        <translation>上级分类</translation>
    </message>
    <message>
        <source>Units of measure</source>
        <translation>计量单位</translation>
    </message>
    <message>
        <source>Products</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Units of products</source>
        <translation>商品的计量单位</translation>
    </message>
    <message>
        <source>Stock units</source>
        <translation>库存单位数量</translation>
    </message>
    <message>
        <source>For so many</source>
        <translation>对应数量</translation>
    </message>
    <message>
        <source>Warehouses</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Bins</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Zone</source>
        <translation>库区</translation>
    </message>
    <message>
        <source>Channels</source>
        <translation>渠道</translation>
    </message>
    <message>
        <source>Price levels</source>
        <translation>价格等级</translation>
    </message>
    <message>
        <source>Prices</source>
        <translation>价目表</translation>
    </message>
    <message>
        <source>From quantity</source>
        <translation>起始数量</translation>
    </message>
    <message>
        <source>From date</source>
        <translation>起始日期</translation>
    </message>
    <message>
        <source>Exchange rates</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>Rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Barcodes</source>
        <translation>条码</translation>
    </message>
    <message>
        <source>Employees</source>
        <translation>员工</translation>
    </message>
    <message>
        <source>Job title</source>
        <translation>职务</translation>
    </message>
    <message>
        <source>Manager</source>
        <translation>上级</translation>
    </message>
    <message>
        <source>Hired</source>
        <translation>入职日期</translation>
    </message>
    <message>
        <source>{field}: {product} is not counted by {unit}; its units are {units}</source>
        <translation>{field}：{product} 没有计量单位“{unit}”；可用单位：{units}</translation>
    </message>
    <message>
        <source>{field}: {qty} {unit} are no exact quantity in {stock_unit}; what fits nearest is {fits}</source>
        <translation>{field}：{qty} {unit} 折算为 {stock_unit} 后不是精确数量；最接近的可用数量：{fits}</translation>
    </message>
    <message>
        <source>{field}: {qty} {unit} are more {stock_unit} than can be kept</source>
        <translation>{field}：{qty} {unit} 折算为 {stock_unit} 后超出可保存的数量</translation>
    </message>
    <message>
        <source>{field}: {price} for one {unit} is no exact price of one {stock_unit}; state that price instead</source>
        <translation>{field}：每 {unit} {price} 不能精确折算为每 {stock_unit} 的单价；请改填折算后的单价</translation>
    </message>
</context>
<context>
    <name>ImportWindow</name>
    <message>
        <source>Tables (*.xlsx *.xlsm *.xls *.csv *.tsv *.txt *.gz)</source>
        <translation>表格 (*.xlsx *.xlsm *.xls *.csv *.tsv *.txt *.gz)</translation>
    </message>
    <message>
        <source>Choose a file</source>
        <translation>选择文件</translation>
    </message>
    <message>
        <source>Opening {file}</source>
        <translation>正在打开 {file}</translation>
    </message>
    <message>
        <source>Checking {file}</source>
        <translation>正在检查 {file}</translation>
    </message>
    <message>
        <source>Importing {file}</source>
        <translation>正在导入 {file}</translation>
    </message>
    <message>
        <source>Imported: {taken}, to mend: {bad}</source>
        <translation>已导入：{taken}，待修正：{bad}</translation>
    </message>
    <message>
        <source>Import rows: {count}</source>
        <translation>导入行数：{count}</translation>
    </message>
    <message>
        <source>Import rows</source>
        <translation>导入各行</translation>
    </message>
    <message>
        <source>Nothing is written yet. Rows to mend are left out and come back in a file.</source>
        <translation>尚未写入任何数据。待修正的行不会导入，会另存为一个文件。</translation>
    </message>
    <message>
        <source>Say which column fills which field, then check the rows.</source>
        <translation>请指定哪一列填入哪个字段，然后检查各行。</translation>
    </message>
    <message>
        <source>Choose what to import, and the file</source>
        <translation>选择要导入的内容和文件</translation>
    </message>
    <message>
        <source>Excel or CSV; a file can also be dropped here.</source>
        <translation>Excel 或 CSV；也可将文件拖放到此处。</translation>
    </message>
    <message>
        <source>New: {count}</source>
        <translation>新增：{count}</translation>
    </message>
    <message>
        <source>Changed: {count}</source>
        <translation>有更改：{count}</translation>
    </message>
    <message>
        <source>Here already: {count}</source>
        <translation>已存在：{count}</translation>
    </message>
    <message>
        <source>To mend: {count}</source>
        <translation>待修正：{count}</translation>
    </message>
    <message>
        <source>Not reached: {count}</source>
        <translation>未处理：{count}</translation>
    </message>
    <message>
        <source>Stopped; import the file again to go on</source>
        <translation>已停止；要继续，请再次导入该文件</translation>
    </message>
    <message>
        <source>Imported</source>
        <translation>导入完成</translation>
    </message>
    <message>
        <source>The rows to mend are in {file}</source>
        <translation>待修正的行在 {file} 中</translation>
    </message>
    <message>
        <source>Open the rows to mend</source>
        <translation>打开待修正的行</translation>
    </message>
    <message>
        <source>Import another file</source>
        <translation>导入另一个文件</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Check the rows</source>
        <translation>检查各行</translation>
    </message>
    <message>
        <source>2024-03-31 only</source>
        <translation>仅 2024-03-31</translation>
    </message>
    <message>
        <source>31/03/2024</source>
        <translation>31/03/2024</translation>
    </message>
    <message>
        <source>03/31/2024</source>
        <translation>03/31/2024</translation>
    </message>
    <message>
        <source>Sheet</source>
        <translation>工作表</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Dates</source>
        <translation>日期格式</translation>
    </message>
    <message>
        <source>Field</source>
        <translation>字段</translation>
    </message>
    <message>
        <source>Column of the file</source>
        <translation>文件中的列</translation>
    </message>
    <message>
        <source>First rows</source>
        <translation>前几行</translation>
    </message>
    <message>
        <source>(no column)</source>
        <translation>（无对应列）</translation>
    </message>
    <message>
        <source>Column {number}</source>
        <translation>第 {number} 列</translation>
    </message>
    <message>
        <source>Row</source>
        <translation>行</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>检查结果</translation>
    </message>
    <message>
        <source>What to mend</source>
        <translation>需修正的内容</translation>
    </message>
    <message>
        <source>Rows of the file</source>
        <translation>文件各行</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>{verdict}: {count}</source>
        <translation>{verdict}：{count}</translation>
    </message>
</context>
<context>
    <name>JobTray</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Cancel the running job</source>
        <translation>取消正在运行的任务</translation>
    </message>
    <message>
        <source>Progress of the running job</source>
        <translation>正在运行的任务的进度</translation>
    </message>
    <message>
        <source>Cancelled: {job}</source>
        <translation>已取消：{job}</translation>
    </message>
    <message>
        <source>{job}, and {count} more</source>
        <translation>{job}，另有 {count} 项</translation>
    </message>
</context>
<context>
    <name>JournalEntries</name>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Voucher</source>
        <translation>凭证号</translation>
    </message>
    <message>
        <source>Posts</source>
        <translation>业务</translation>
    </message>
    <message>
        <source>Document</source>
        <translation>单据</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
    <message>
        <source>Journal entries</source>
        <translation>记账凭证</translation>
    </message>
    <message>
        <source>Nothing is posted yet</source>
        <translation>还没有过账</translation>
    </message>
    <message>
        <source>Text, document number</source>
        <translation>摘要、单据编号</translation>
    </message>
    <message>
        <source>New entry</source>
        <translation>新建凭证</translation>
    </message>
</context>
<context>
    <name>JournalEntryForm</name>
    <message>
        <source>&amp;Date</source>
        <translation>日期(&amp;D)</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>&amp;Text</source>
        <translation>摘要(&amp;T)</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
</context>
<context>
    <name>JournalEntryPage</name>
    <message>
        <source>Account</source>
        <translation>科目</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Party</source>
        <translation>往来单位</translation>
    </message>
    <message>
        <source>Cost centre</source>
        <translation>成本中心</translation>
    </message>
    <message>
        <source>Debit</source>
        <translation>借方</translation>
    </message>
    <message>
        <source>Credit</source>
        <translation>贷方</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>Amount in it</source>
        <translation>原币金额</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
    <message>
        <source>Open the document</source>
        <translation>打开单据</translation>
    </message>
    <message>
        <source>This entry was made by hand: there is no document behind it.</source>
        <translation>此凭证为手工录入，没有对应单据。</translation>
    </message>
    <message>
        <source>Your role may not open the document.</source>
        <translation>您的角色无权打开该单据。</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Posted</source>
        <translation>过账时间</translation>
    </message>
    <message>
        <source>Document</source>
        <translation>单据</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
</context>
<context>
    <name>LandedCostForm</name>
    <message>
        <source>&amp;Kind</source>
        <translation>类型(&amp;K)</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>&amp;Amount</source>
        <translation>金额(&amp;A)</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
    <message>
        <source>&amp;Date</source>
        <translation>日期(&amp;D)</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Shared &amp;by</source>
        <translation>分摊依据(&amp;B)</translation>
    </message>
    <message>
        <source>How the amount is shared over the lines of the receipts</source>
        <translation>金额如何分摊到收货单各行</translation>
    </message>
    <message>
        <source>Shared by</source>
        <translation>分摊依据</translation>
    </message>
    <message>
        <source>&amp;Supplier</source>
        <translation>供应商(&amp;S)</translation>
    </message>
    <message>
        <source>Who charges it: supplier or carrier</source>
        <translation>收费方：供应商或承运商</translation>
    </message>
    <message>
        <source>Supplier</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>&amp;Reference</source>
        <translation>参考号(&amp;R)</translation>
    </message>
    <message>
        <source>The number on their invoice</source>
        <translation>对方发票上的编号</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>参考号</translation>
    </message>
    <message>
        <source>&amp;Credit for</source>
        <translation>冲减(&amp;C)</translation>
    </message>
    <message>
        <source>Only for a credit note: the landed cost that it takes back</source>
        <translation>仅用于贷项通知单：要冲减的到岸成本</translation>
    </message>
    <message>
        <source>The amount of a credit note is below zero; the receipts are those of the landed cost</source>
        <translation>贷项通知单的金额小于零；收货单即该到岸成本的收货单</translation>
    </message>
    <message>
        <source>Credit for</source>
        <translation>冲减</translation>
    </message>
    <message>
        <source>C&amp;urrency</source>
        <translation>币种(&amp;U)</translation>
    </message>
    <message>
        <source>The bill is in this currency</source>
        <translation>账单使用该币种</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>E&amp;xchange rate</source>
        <translation>汇率(&amp;X)</translation>
    </message>
    <message>
        <source>What one unit of the currency is worth in company currency; proposed as the day&apos;s rate</source>
        <translation>一单位该币种折合多少本位币；默认取当日汇率</translation>
    </message>
    <message>
        <source>Exchange rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Receipts that bear the cost</source>
        <translation>承担成本的收货单</translation>
    </message>
    <message>
        <source>How it is shared</source>
        <translation>分摊明细</translation>
    </message>
    <message>
        <source>Enter landed cost</source>
        <translation>录入到岸成本</translation>
    </message>
    <message>
        <source>What is still in stock becomes dearer; what is sold goes to cost of sales.</source>
        <translation>仍在库的部分成本增加；已售部分计入销售成本。</translation>
    </message>
    <message>
        <source>{label} in {currency}</source>
        <translation>{label} {currency}</translation>
    </message>
    <message>
        <source>Receipts: {count}</source>
        <translation>收货单：{count}</translation>
    </message>
    <message>
        <source>Choose at least one receipt that bears the cost.</source>
        <translation>请至少选择一张承担成本的收货单。</translation>
    </message>
    <message>
        <source>Landed cost entered</source>
        <translation>到岸成本已录入</translation>
    </message>
    <message>
        <source>Goods receipt</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>已收货</translation>
    </message>
    <message>
        <source>Purchase order</source>
        <translation>采购订单</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
</context>
<context>
    <name>LandedCostPage</name>
    <message>
        <source>Exchange rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>In company currency</source>
        <translation>本位币金额</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Shared by</source>
        <translation>分摊依据</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>参考号</translation>
    </message>
    <message>
        <source>Credit for</source>
        <translation>冲减</translation>
    </message>
    <message>
        <source>Not credited</source>
        <translation>未冲减</translation>
    </message>
    <message>
        <source>Receipt</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>分摊</translation>
    </message>
    <message>
        <source>Shares</source>
        <translation>分摊</translation>
    </message>
    <message>
        <source>The shares follow as soon as the centre has worked them out</source>
        <translation>中心计算完成后会显示分摊</translation>
    </message>
    <message>
        <source>Enter credit note</source>
        <translation>录入贷项通知单</translation>
    </message>
</context>
<context>
    <name>LandedCostShares</name>
    <message>
        <source>Receipt</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>分摊额</translation>
    </message>
    <message>
        <source>In stock</source>
        <translation>库存</translation>
    </message>
    <message>
        <source>To stock value</source>
        <translation>计入存货</translation>
    </message>
    <message>
        <source>To dispatched</source>
        <translation>计入发出商品</translation>
    </message>
    <message>
        <source>To cost of sales</source>
        <translation>计入销售成本</translation>
    </message>
    <message>
        <source>These receipts brought no stock that could bear the cost.</source>
        <translation>这些收货单没有可分摊费用的库存商品。</translation>
    </message>
    <message>
        <source>“{basis}” adds up to zero over these lines, so each of them bears an equal part.</source>
        <translation>这些行的“{basis}”合计为零，因此每行平均分摊。</translation>
    </message>
    <message>
        <source>“{basis}” is not known of {products}, so they bear nothing. Fill it in on their pages or share otherwise.</source>
        <translation>{products} 没有“{basis}”数据，因此不分摊。请在其商品页面填写，或改用其他分摊方式。</translation>
    </message>
    <message>
        <source>{amount} is still to be shared.</source>
        <translation>还有 {amount} 未分摊。</translation>
    </message>
    <message>
        <source>Nothing of {products} is in stock any more, so their part is expensed.</source>
        <translation>{products} 已无库存，其分摊部分直接计入费用。</translation>
    </message>
    <message>
        <source>Where a share falls that is not shown here is worked out by the centre (F7).</source>
        <translation>此处未显示去向的分摊额由中心服务计算（F7）。</translation>
    </message>
    <message>
        <source>Shared {total} {currency}</source>
        <translation>已分摊 {total} {currency}</translation>
    </message>
    <message>
        <source>Shared {total}: {stock} to stock value, {sold} to cost of sales {currency}</source>
        <translation>已分摊 {total}：计入存货 {stock}，计入销售成本 {sold} {currency}</translation>
    </message>
    <message>
        <source>Shared {total}: {stock} to stock value, {dispatched} to goods dispatched, {sold} to cost of sales {currency}</source>
        <translation>已分摊 {total}：计入存货 {stock}，计入发出商品 {dispatched}，计入销售成本 {sold} {currency}</translation>
    </message>
</context>
<context>
    <name>LandedCosts</name>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Supplier</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Shared by</source>
        <translation>分摊依据</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>参考号</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
    <message>
        <source>Landed costs</source>
        <translation>到岸成本</translation>
    </message>
    <message>
        <source>No landed costs yet</source>
        <translation>还没有到岸成本</translation>
    </message>
    <message>
        <source>Number, supplier, reference</source>
        <translation>编号、供应商、参考号</translation>
    </message>
    <message>
        <source>Enter landed cost</source>
        <translation>录入到岸成本</translation>
    </message>
    <message>
        <source>Freight</source>
        <translation>运费</translation>
    </message>
    <message>
        <source>Duty</source>
        <translation>关税</translation>
    </message>
    <message>
        <source>Insurance</source>
        <translation>保险费</translation>
    </message>
    <message>
        <source>Handling</source>
        <translation>装卸费</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>价值</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Weight</source>
        <translation>重量</translation>
    </message>
    <message>
        <source>Volume</source>
        <translation>体积</translation>
    </message>
    <message>
        <source>Equal parts</source>
        <translation>平均分摊</translation>
    </message>
    <message>
        <source>By hand</source>
        <translation>手工</translation>
    </message>
</context>
<context>
    <name>LateValue</name>
    <message>
        <source>In stock</source>
        <translation>库存商品</translation>
    </message>
    <message>
        <source>Dispatched</source>
        <translation>发出商品</translation>
    </message>
    <message>
        <source>Cost of sales</source>
        <translation>销售成本</translation>
    </message>
    <message>
        <source>Price variance</source>
        <translation>价格差异</translation>
    </message>
    <message>
        <source>Scrap loss</source>
        <translation>报废损失</translation>
    </message>
</context>
<context>
    <name>Ledger event</name>
    <message>
        <source>Goods receipt</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>Landed cost</source>
        <translation>到岸成本</translation>
    </message>
    <message>
        <source>Price correction</source>
        <translation>价格更正</translation>
    </message>
    <message>
        <source>Cost adjustment</source>
        <translation>成本调整</translation>
    </message>
    <message>
        <source>Cost of a shipment</source>
        <translation>发货成本</translation>
    </message>
    <message>
        <source>Delivery of a shipment</source>
        <translation>发货送达</translation>
    </message>
    <message>
        <source>Revenue</source>
        <translation>收入</translation>
    </message>
    <message>
        <source>Sales invoice</source>
        <translation>销售发票</translation>
    </message>
    <message>
        <source>Customer return</source>
        <translation>销售退货</translation>
    </message>
    <message>
        <source>Supplier return</source>
        <translation>采购退货</translation>
    </message>
    <message>
        <source>Loss in transit</source>
        <translation>在途损失</translation>
    </message>
    <message>
        <source>Scrapped goods</source>
        <translation>货物报废</translation>
    </message>
    <message>
        <source>Stock count</source>
        <translation>盘点单</translation>
    </message>
    <message>
        <source>Stock revaluation</source>
        <translation>库存重估</translation>
    </message>
    <message>
        <source>Standard cost change</source>
        <translation>标准成本变动</translation>
    </message>
    <message>
        <source>Write-down of stock</source>
        <translation>存货跌价</translation>
    </message>
    <message>
        <source>Opening stock</source>
        <translation>期初库存</translation>
    </message>
    <message>
        <source>Manual entry</source>
        <translation>手工凭证</translation>
    </message>
</context>
<context>
    <name>LineGrid</name>
    <message>
        <source>{text} is not known here. Choose from the list.</source>
        <translation>这里没有 {text}。请从列表中选择。</translation>
    </message>
    <message>
        <source>Rows added: {rows}, to fix: {bad}</source>
        <translation>已添加 {rows} 行，待修正 {bad} 行</translation>
    </message>
    <message>
        <source>More than {most} rows were copied, so nothing was pasted. Paste them in parts of at most {most} rows.</source>
        <translation>复制的内容超过 {most} 行，未粘贴任何内容。请分批粘贴，每次最多 {most} 行。</translation>
    </message>
    <message>
        <source>Paste</source>
        <translation>粘贴</translation>
    </message>
    <message>
        <source>Fill down</source>
        <translation>向下填充</translation>
    </message>
    <message>
        <source>Line {line}, {column}: {problem}</source>
        <translation>第 {line} 行，{column}：{problem}</translation>
    </message>
    <message>
        <source>{text} is still being looked up.</source>
        <translation>正在查找 {text}。</translation>
    </message>
    <message>
        <source>fill it in.</source>
        <translation>请填写。</translation>
    </message>
</context>
<context>
    <name>Lookups</name>
    <message>
        <source>There are no suppliers yet. The first one is added under Buy, Suppliers.</source>
        <translation>还没有供应商。请在“采购”的“供应商”中新建。</translation>
    </message>
    <message>
        <source>There are no customers yet. The first one is added under Sell, Customers and suppliers.</source>
        <translation>还没有客户。请在“销售”的“客户与供应商”中新建。</translation>
    </message>
    <message>
        <source>There are no carriers yet. A carrier is added under Sell, Customers and suppliers.</source>
        <translation>还没有承运商。请在“销售”的“客户与供应商”中新建。</translation>
    </message>
    <message>
        <source>There are no products yet. The first one is added under Stock, Products.</source>
        <translation>还没有商品。请在“库存”的“商品”中新建。</translation>
    </message>
    <message>
        <source>{qty} {unit} free</source>
        <translation>可承诺 {qty} {unit}</translation>
    </message>
    <message>
        <source>stock unit</source>
        <translation>库存单位</translation>
    </message>
    <message>
        <source>There is no lot of this product in stock here.</source>
        <translation>此处没有该商品的批次库存。</translation>
    </message>
    <message>
        <source>{qty} {unit}</source>
        <translation>{qty} {unit}</translation>
    </message>
    <message>
        <source>{qty}, expires {day}</source>
        <translation>{qty}，有效期至 {day}</translation>
    </message>
</context>
<context>
    <name>LowStock</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Usual supplier</source>
        <translation>常用供应商</translation>
    </message>
    <message>
        <source>On hand</source>
        <translation>现存量</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>可承诺量</translation>
    </message>
    <message>
        <source>Minimum</source>
        <translation>最低库存</translation>
    </message>
    <message>
        <source>Maximum</source>
        <translation>最高库存</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Low stock</source>
        <translation>库存不足</translation>
    </message>
    <message>
        <source>Nothing is below its minimum</source>
        <translation>没有低于最低库存的商品</translation>
    </message>
    <message>
        <source>The minimum is set on the page of a product.</source>
        <translation>最低库存在商品页面上设置。</translation>
    </message>
    <message>
        <source>Code, name, supplier</source>
        <translation>编码、名称、供应商</translation>
    </message>
</context>
<context>
    <name>LowerArea</name>
    <message>
        <source>{part} ({keys})</source>
        <translation>{part}（{keys}）</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Your role may not open this. Ask an administrator.</source>
        <translation>您的角色无权打开。请联系管理员。</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Like the computer</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Something went wrong inside the program; your work is safe. If it happens again, tell support the reference {reference}.</source>
        <translation>程序内部出了问题；您的工作没有丢失。如再次发生，请将编号 {reference} 告诉技术支持。</translation>
    </message>
    <message>
        <source>Copy details</source>
        <translation>复制详情</translation>
    </message>
    <message>
        <source>Screens with unsaved changes keep their language until saved: {count}</source>
        <translation>有未保存更改的界面在保存前保持原来的语言：{count}</translation>
    </message>
    <message>
        <source>The window&apos;s settings could not be read and were put aside.</source>
        <translation>窗口设置无法读取，已另存备查。</translation>
    </message>
    <message>
        <source>Checking this computer&apos;s data ...</source>
        <translation>正在核对本机数据……</translation>
    </message>
</context>
<context>
    <name>Masters</name>
    <message>
        <source>As the cost book says</source>
        <translation>按成本账簿设定</translation>
    </message>
    <message>
        <source>First in, first out</source>
        <translation>先进先出</translation>
    </message>
    <message>
        <source>Last in, first out</source>
        <translation>后进先出</translation>
    </message>
    <message>
        <source>Moving average</source>
        <translation>移动加权平均</translation>
    </message>
    <message>
        <source>Month-end average</source>
        <translation>月末一次加权平均</translation>
    </message>
    <message>
        <source>Standard cost</source>
        <translation>标准成本</translation>
    </message>
    <message>
        <source>Specific cost, by lot</source>
        <translation>个别计价（按批次）</translation>
    </message>
    <message>
        <source>Company</source>
        <translation>公司</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>By lot</source>
        <translation>按批次</translation>
    </message>
    <message>
        <source>By serial number</source>
        <translation>按序列号</translation>
    </message>
    <message>
        <source>Party</source>
        <translation>往来单位</translation>
    </message>
    <message>
        <source>Company&apos;s currency</source>
        <translation>本位币</translation>
    </message>
    <message>
        <source>Category</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>计量单位</translation>
    </message>
    <message>
        <source>Price level</source>
        <translation>价格等级</translation>
    </message>
    <message>
        <source>Cost centre</source>
        <translation>成本中心</translation>
    </message>
    <message>
        <source>Channel</source>
        <translation>渠道</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>价格</translation>
    </message>
    <message>
        <source>Exchange rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Employee</source>
        <translation>员工</translation>
    </message>
    <message>
        <source>Yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>No</source>
        <translation>否</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Part of</source>
        <translation>上级</translation>
    </message>
    <message>
        <source>Costing method</source>
        <translation>计价方法</translation>
    </message>
    <message>
        <source>Costs are kept per</source>
        <translation>成本核算范围</translation>
    </message>
    <message>
        <source>Categories</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>New category</source>
        <translation>新建分类</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Receiving bin</source>
        <translation>收货货位</translation>
    </message>
    <message>
        <source>Warehouses</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>New warehouse</source>
        <translation>新建仓库</translation>
    </message>
    <message>
        <source>Zone</source>
        <translation>库区</translation>
    </message>
    <message>
        <source>Bins</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>New bin</source>
        <translation>新建货位</translation>
    </message>
    <message>
        <source>Channels</source>
        <translation>渠道</translation>
    </message>
    <message>
        <source>New channel</source>
        <translation>新建渠道</translation>
    </message>
    <message>
        <source>Price levels</source>
        <translation>价格等级</translation>
    </message>
    <message>
        <source>New price level</source>
        <translation>新建价格等级</translation>
    </message>
    <message>
        <source>Units</source>
        <translation>计量单位</translation>
    </message>
    <message>
        <source>New unit</source>
        <translation>新建计量单位</translation>
    </message>
    <message>
        <source>Cost centres</source>
        <translation>成本中心</translation>
    </message>
    <message>
        <source>New cost centre</source>
        <translation>新建成本中心</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
</context>
<context>
    <name>Module</name>
    <message>
        <source>Home</source>
        <translation>首页</translation>
    </message>
    <message>
        <source>Sell</source>
        <translation>销售</translation>
    </message>
    <message>
        <source>Buy</source>
        <translation>采购</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Stock</source>
        <translation>库存</translation>
    </message>
    <message>
        <source>Costing</source>
        <translation>成本</translation>
    </message>
    <message>
        <source>Ledger</source>
        <translation>总账</translation>
    </message>
    <message>
        <source>Budget</source>
        <translation>预算</translation>
    </message>
    <message>
        <source>Reports</source>
        <translation>报表</translation>
    </message>
    <message>
        <source>Alerts</source>
        <translation>预警</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
</context>
<context>
    <name>Move kind</name>
    <message>
        <source>Receipt</source>
        <translation>收货</translation>
    </message>
    <message>
        <source>Shipment</source>
        <translation>发货</translation>
    </message>
    <message>
        <source>Customer return</source>
        <translation>销售退货</translation>
    </message>
    <message>
        <source>Supplier return</source>
        <translation>采购退货</translation>
    </message>
    <message>
        <source>Transfer</source>
        <translation>调拨</translation>
    </message>
    <message>
        <source>Count: more found</source>
        <translation>盘盈</translation>
    </message>
    <message>
        <source>Count: less found</source>
        <translation>盘亏</translation>
    </message>
    <message>
        <source>Scrap</source>
        <translation>报废</translation>
    </message>
    <message>
        <source>Opening stock</source>
        <translation>期初库存</translation>
    </message>
</context>
<context>
    <name>MoveStockForm</name>
    <message>
        <source>&amp;Product</source>
        <translation>商品(&amp;P)</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>&amp;From bin</source>
        <translation>调出货位(&amp;F)</translation>
    </message>
    <message>
        <source>From bin</source>
        <translation>调出货位</translation>
    </message>
    <message>
        <source>&amp;To bin</source>
        <translation>调入货位(&amp;T)</translation>
    </message>
    <message>
        <source>To bin</source>
        <translation>调入货位</translation>
    </message>
    <message>
        <source>&amp;Quantity</source>
        <translation>数量(&amp;Q)</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>&amp;Lot</source>
        <translation>批次(&amp;L)</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Of what is kept by lot or serial number.</source>
        <translation>按批次或序列号管理的商品才需填写。</translation>
    </message>
    <message>
        <source>Moved &amp;on</source>
        <translation>调拨日期(&amp;O)</translation>
    </message>
    <message>
        <source>Moved on</source>
        <translation>调拨日期</translation>
    </message>
</context>
<context>
    <name>MoveStockPage</name>
    <message>
        <source>{qty} {unit} free</source>
        <translation>可承诺 {qty} {unit}</translation>
    </message>
    <message>
        <source>Move stock</source>
        <translation>移动库存</translation>
    </message>
    <message>
        <source>Move</source>
        <translation>移动</translation>
    </message>
    <message>
        <source>Stock moved</source>
        <translation>库存已移动</translation>
    </message>
</context>
<context>
    <name>NeedsAttention</name>
    <message>
        <source>What</source>
        <translation>事项</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Behind it</source>
        <translation>后续</translation>
    </message>
    <message>
        <source>Since</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>{count} × {what}</source>
        <translation>{count} × {what}</translation>
    </message>
    <message>
        <source>Send again</source>
        <translation>重新发送</translation>
    </message>
    <message>
        <source>Edit and send</source>
        <translation>修改并发送</translation>
    </message>
    <message>
        <source>Open the document</source>
        <translation>打开单据</translation>
    </message>
    <message>
        <source>Drop with a reason</source>
        <translation>说明原因并放弃</translation>
    </message>
    <message>
        <source>Needs attention ({count})</source>
        <translation>待处理（{count}）</translation>
    </message>
    <message>
        <source>Causes: {causes}, changes: {count}, waiting behind them: {held}</source>
        <translation>原因 {causes} 个，变动 {count} 项，等待其后的 {held} 项</translation>
    </message>
    <message>
        <source>Needs attention</source>
        <translation>待处理</translation>
    </message>
    <message>
        <source>{what} · waits behind it: {count}</source>
        <translation>{what} · 等待它的：{count}</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>发生了什么</translation>
    </message>
    <message>
        <source>What it is about</source>
        <translation>事由</translation>
    </message>
    <message>
        <source>What to do</source>
        <translation>该怎么做</translation>
    </message>
    <message>
        <source>Nothing needs attention</source>
        <translation>没有待处理事项</translation>
    </message>
    <message>
        <source>What cannot be carried out appears here, with what to do about it.</source>
        <translation>无法执行的更改会出现在这里，并说明该怎么做。</translation>
    </message>
    <message>
        <source>Nothing more is known about it here.</source>
        <translation>此处没有更多信息。</translation>
    </message>
    <message>
        <source>Waits behind it: {what}</source>
        <translation>等待它的：{what}</translation>
    </message>
    <message>
        <source>Save as chosen above</source>
        <translation>按上面的选择保存</translation>
    </message>
    <message>
        <source>It waits because another change that it builds on was not carried out.</source>
        <translation>它在等待，因为它所依据的另一项更改没有执行。</translation>
    </message>
    <message>
        <source>It could not be carried out. Nothing was lost.</source>
        <translation>未能执行。没有丢失任何内容。</translation>
    </message>
    <message>
        <source>Settle the change before it; this one is then sent by itself.</source>
        <translation>请先处理它前面的更改；此项随后会自动发送。</translation>
    </message>
    <message>
        <source>Choose what is to be done; what waits behind it then follows by itself.</source>
        <translation>请选择处理办法；等待它的变动随后自动继续。</translation>
    </message>
    <message>
        <source>Put it right and send it, send it again as it is, or drop it.</source>
        <translation>请改正后发送、原样重新发送，或放弃。</translation>
    </message>
    <message>
        <source>Send it again once the reason is gone, or drop it and enter it anew.</source>
        <translation>原因消除后重新发送，或放弃并重新录入。</translation>
    </message>
    <message>
        <source>Sent again: {what}</source>
        <translation>已重新发送：{what}</translation>
    </message>
    <message>
        <source>Put away: {what}</source>
        <translation>已收起：{what}</translation>
    </message>
    <message>
        <source>Dropped: {what}</source>
        <translation>已放弃：{what}</translation>
    </message>
    <message>
        <source>{done} of {count} are done. The others stay here: {sentence}</source>
        <translation>{count} 项中已完成 {done} 项，其余留在这里：{sentence}</translation>
    </message>
    <message>
        <source>new price {price}</source>
        <translation>新价格 {price}</translation>
    </message>
    <message>
        <source>lines: {count}</source>
        <translation>{count} 行</translation>
    </message>
    <message>
        <source>quantity {qty}</source>
        <translation>数量 {qty}</translation>
    </message>
</context>
<context>
    <name>OlderDocuments</name>
    <message>
        <source>Look for older documents</source>
        <translation>查找较早的单据</translation>
    </message>
    <message>
        <source>The latest ones whose number or party has what is in the search field in it</source>
        <translation>编号或往来单位中含有搜索框内容的单据，最近的在先</translation>
    </message>
    <message>
        <source>There is no older document that matches and is not here already.</source>
        <translation>没有其他符合条件的较早单据。</translation>
    </message>
    <message>
        <source>{count} older documents are here now. There are more: look again.</source>
        <translation>已取来 {count} 张较早的单据。还有更多：请再次查找。</translation>
    </message>
    <message>
        <source>{count} older documents are here now.</source>
        <translation>已取来 {count} 张较早的单据。</translation>
    </message>
    <message>
        <source>Closed documents on which nothing was done since {day} are at the central service.</source>
        <translation>自 {day} 起没有处理过的已完结单据在中心服务上。</translation>
    </message>
</context>
<context>
    <name>OpenDocument</name>
    <message>
        <source>The document behind this has no page that your role may open.</source>
        <translation>这个数字背后的单据没有您的角色可以打开的页面。</translation>
    </message>
</context>
<context>
    <name>OrderLines</name>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>In stock units</source>
        <translation>折合库存单位</translation>
    </message>
</context>
<context>
    <name>OrdersToShip</name>
    <message>
        <source>To ship</source>
        <translation>待发货</translation>
    </message>
    <message>
        <source>Nothing is waiting to be shipped</source>
        <translation>没有等待发货的订单</translation>
    </message>
    <message>
        <source>An order can be shipped once it is confirmed.</source>
        <translation>订单确认后即可发货。</translation>
    </message>
    <message>
        <source>Ship</source>
        <translation>发货</translation>
    </message>
</context>
<context>
    <name>Palette</name>
    <message>
        <source>Search screens, commands and records</source>
        <translation>搜索界面、命令和记录</translation>
    </message>
    <message>
        <source>Results</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Nothing is called so</source>
        <translation>没有这样的名称</translation>
    </message>
</context>
<context>
    <name>Parties</name>
    <message>
        <source>Suppliers</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>Distributors</source>
        <translation>分销商</translation>
    </message>
    <message>
        <source>Consumers</source>
        <translation>消费者</translation>
    </message>
    <message>
        <source>Carriers</source>
        <translation>承运商</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Contact</source>
        <translation>联系人</translation>
    </message>
    <message>
        <source>Telephone</source>
        <translation>电话</translation>
    </message>
    <message>
        <source>City</source>
        <translation>城市</translation>
    </message>
    <message>
        <source>Country</source>
        <translation>国家/地区</translation>
    </message>
    <message>
        <source>Price level</source>
        <translation>价格等级</translation>
    </message>
    <message>
        <source>Days</source>
        <translation>账期</translation>
    </message>
    <message>
        <source>Role</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>No suppliers yet</source>
        <translation>还没有供应商</translation>
    </message>
    <message>
        <source>Customers and suppliers</source>
        <translation>客户与供应商</translation>
    </message>
    <message>
        <source>No customers or suppliers yet</source>
        <translation>还没有客户或供应商</translation>
    </message>
    <message>
        <source>Code, name, contact, e-mail, telephone, city</source>
        <translation>编码、名称、联系人、电子邮件、电话、城市</translation>
    </message>
    <message>
        <source>New party</source>
        <translation>新建往来单位</translation>
    </message>
</context>
<context>
    <name>PartyForm</name>
    <message>
        <source>&amp;Code</source>
        <translation>编码(&amp;C)</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>&amp;Price level</source>
        <translation>价格等级(&amp;P)</translation>
    </message>
    <message>
        <source>Price level</source>
        <translation>价格等级</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>名称(&amp;N)</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Chinese na&amp;me</source>
        <translation>中文名称(&amp;M)</translation>
    </message>
    <message>
        <source>Chinese name</source>
        <translation>中文名称</translation>
    </message>
    <message>
        <source>&amp;Supplier</source>
        <translation>供应商(&amp;S)</translation>
    </message>
    <message>
        <source>Supplier</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>&amp;Distributor</source>
        <translation>分销商(&amp;D)</translation>
    </message>
    <message>
        <source>Distributor</source>
        <translation>分销商</translation>
    </message>
    <message>
        <source>Cons&amp;umer</source>
        <translation>消费者(&amp;U)</translation>
    </message>
    <message>
        <source>Consumer</source>
        <translation>消费者</translation>
    </message>
    <message>
        <source>Carrie&amp;r</source>
        <translation>承运商(&amp;R)</translation>
    </message>
    <message>
        <source>Carrier</source>
        <translation>承运商</translation>
    </message>
    <message>
        <source>Payment da&amp;ys</source>
        <translation>付款天数(&amp;Y)</translation>
    </message>
    <message>
        <source>Payment days</source>
        <translation>付款天数</translation>
    </message>
    <message>
        <source>Commission &amp;rate</source>
        <translation>佣金比例(&amp;R)</translation>
    </message>
    <message>
        <source>Commission rate</source>
        <translation>佣金比例</translation>
    </message>
    <message>
        <source>0.05 is five percent.</source>
        <translation>0.05 即百分之五。</translation>
    </message>
    <message>
        <source>Contact and address</source>
        <translation>联系人和地址</translation>
    </message>
    <message>
        <source>C&amp;ontact</source>
        <translation>联系人(&amp;O)</translation>
    </message>
    <message>
        <source>Contact</source>
        <translation>联系人</translation>
    </message>
    <message>
        <source>&amp;Telephone</source>
        <translation>电话(&amp;T)</translation>
    </message>
    <message>
        <source>Telephone</source>
        <translation>电话</translation>
    </message>
    <message>
        <source>&amp;E-mail</source>
        <translation>电子邮件(&amp;E)</translation>
    </message>
    <message>
        <source>E-mail</source>
        <translation>电子邮件</translation>
    </message>
    <message>
        <source>Ta&amp;x number</source>
        <translation>税号(&amp;X)</translation>
    </message>
    <message>
        <source>Tax number</source>
        <translation>税号</translation>
    </message>
    <message>
        <source>Se&amp;lls in</source>
        <translation>交易币种(&amp;L)</translation>
    </message>
    <message>
        <source>The currency that purchase orders to this supplier start with</source>
        <translation>给该供应商的采购订单默认使用的币种</translation>
    </message>
    <message>
        <source>Sells in</source>
        <translation>交易币种</translation>
    </message>
    <message>
        <source>&amp;Address</source>
        <translation>地址(&amp;A)</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>C&amp;ity</source>
        <translation>城市(&amp;I)</translation>
    </message>
    <message>
        <source>City</source>
        <translation>城市</translation>
    </message>
    <message>
        <source>Postal code</source>
        <translation>邮政编码</translation>
    </message>
    <message>
        <source>Countr&amp;y</source>
        <translation>国家(&amp;Y)</translation>
    </message>
    <message>
        <source>Country</source>
        <translation>国家/地区</translation>
    </message>
    <message>
        <source>Acti&amp;ve</source>
        <translation>启用(&amp;V)</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
</context>
<context>
    <name>PasswordDialog</name>
    <message>
        <source>Not now</source>
        <translation>暂不</translation>
    </message>
    <message>
        <source>This did not work; nothing was changed. For support: {reference}.</source>
        <translation>未能完成；未作任何更改。技术支持编号：{reference}。</translation>
    </message>
</context>
<context>
    <name>PeriodChecklist</name>
    <message>
        <source>Earlier periods that are still open</source>
        <translation>尚未结账的更早期间</translation>
    </message>
    <message>
        <source>Negative stock that keeps a month-end average from being computed</source>
        <translation>使月末加权平均无法计算的负库存</translation>
    </message>
    <message>
        <source>Draft purchase orders dated in it</source>
        <translation>日期在本期的采购订单草稿</translation>
    </message>
    <message>
        <source>Draft sales orders dated in it</source>
        <translation>日期在本期的销售订单草稿</translation>
    </message>
    <message>
        <source>Announced customer returns that did not arrive</source>
        <translation>已通知但尚未到货的客户退货</translation>
    </message>
    <message>
        <source>Goods receipts whose price no supplier invoice confirms yet</source>
        <translation>价格尚未经供应商发票确认的收货单（货到票未到）</translation>
    </message>
    <message>
        <source>Shipments under way to customers: they stay goods dispatched until their delivery</source>
        <translation>发往客户途中的发货：送达前一直为发出商品</translation>
    </message>
    <message>
        <source>Products below zero: sold before they were booked in</source>
        <translation>负库存商品：入账前已售出</translation>
    </message>
    <message>
        <source>Month-end averages that closing computes; their true-up is posted with it</source>
        <translation>结账时计算的月末加权平均，其调整随结账过账</translation>
    </message>
    <message>
        <source>Changes of this desk dated in it that wait to be sent</source>
        <translation>本客户端日期在本期、等待发送的操作</translation>
    </message>
    <message>
        <source>Changes of this desk dated in it that need attention</source>
        <translation>本客户端日期在本期、需要处理的操作</translation>
    </message>
    <message>
        <source>Products below cost without a write-down run for this period</source>
        <translation>本期尚未计提跌价准备的减值商品</translation>
    </message>
    <message>
        <source>Rules of cost to serve whose costs of this period are not all shared</source>
        <translation>本期费用尚未全部分摊的服务成本规则</translation>
    </message>
    <message>
        <source>Differences that the doctor finds in the books</source>
        <translation>账目自检发现的差异</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>{examples} and more</source>
        <translation>{examples} 等</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>What to look at</source>
        <translation>检查事项</translation>
    </message>
    <message>
        <source>How many</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Which</source>
        <translation>明细</translation>
    </message>
    <message>
        <source>Checklist</source>
        <translation>结账检查单</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Entry</source>
        <translation>凭证</translation>
    </message>
    <message>
        <source>Account</source>
        <translation>科目</translation>
    </message>
    <message>
        <source>Account name</source>
        <translation>科目名称</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Debit</source>
        <translation>借方</translation>
    </message>
    <message>
        <source>Credit</source>
        <translation>贷方</translation>
    </message>
    <message>
        <source>What closing posted</source>
        <translation>结账过账的分录</translation>
    </message>
    <message>
        <source>Closing had nothing to post</source>
        <translation>结账没有需要过账的分录</translation>
    </message>
</context>
<context>
    <name>Periods</name>
    <message>
        <source>From</source>
        <translation>从</translation>
    </message>
    <message>
        <source>To</source>
        <translation>到</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Periods</source>
        <translation>会计期间</translation>
    </message>
    <message>
        <source>Open the period</source>
        <translation>打开期间</translation>
    </message>
    <message>
        <source>Checklist, closing and reopening of this period (Ctrl+Enter)</source>
        <translation>本期间的检查单、结账和反结账 (Ctrl+Enter)</translation>
    </message>
</context>
<context>
    <name>PostEntryPage</name>
    <message>
        <source>Account</source>
        <translation>科目</translation>
    </message>
    <message>
        <source>Cost centre</source>
        <translation>成本中心</translation>
    </message>
    <message>
        <source>Debit</source>
        <translation>借方</translation>
    </message>
    <message>
        <source>Credit</source>
        <translation>贷方</translation>
    </message>
    <message>
        <source>Post the entry</source>
        <translation>凭证过账</translation>
    </message>
    <message>
        <source>New journal entry</source>
        <translation>新建记账凭证</translation>
    </message>
    <message>
        <source>Debit {debit}, credit {credit}</source>
        <translation>借方 {debit}，贷方 {credit}</translation>
    </message>
    <message>
        <source>Balanced</source>
        <translation>借贷平衡</translation>
    </message>
    <message>
        <source>Difference {difference}</source>
        <translation>差额 {difference}</translation>
    </message>
    <message>
        <source>Type at least a debit and a credit.</source>
        <translation>请至少填写一条借方和一条贷方。</translation>
    </message>
    <message>
        <source>Entry posted; its voucher number comes from the centre</source>
        <translation>凭证已过账；凭证号由中心服务给出</translation>
    </message>
</context>
<context>
    <name>PriceCorrectionPage</name>
    <message>
        <source>Prices in</source>
        <translation>价格币种</translation>
    </message>
    <message>
        <source>Exchange rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Goods receipt</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>Posted on</source>
        <translation>过账日期</translation>
    </message>
    <message>
        <source>Supplier&apos;s invoice</source>
        <translation>供应商发票</translation>
    </message>
    <message>
        <source>Invoice date</source>
        <translation>发票日期</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差额</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>收货</translation>
    </message>
    <message>
        <source>Price before</source>
        <translation>原单价</translation>
    </message>
    <message>
        <source>New price</source>
        <translation>新单价</translation>
    </message>
    <message>
        <source>Price per</source>
        <translation>单价单位</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
</context>
<context>
    <name>PriceCorrections</name>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Goods receipt</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>Supplier</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>Invoice</source>
        <translation>发票</translation>
    </message>
    <message>
        <source>Invoice date</source>
        <translation>发票日期</translation>
    </message>
    <message>
        <source>Posted on</source>
        <translation>过账日期</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差额</translation>
    </message>
    <message>
        <source>Price corrections</source>
        <translation>价格更正</translation>
    </message>
    <message>
        <source>No price corrections yet</source>
        <translation>还没有价格更正</translation>
    </message>
    <message>
        <source>A price is corrected from the page of its goods receipt or order.</source>
        <translation>价格更正从收货单或采购订单页面录入。</translation>
    </message>
    <message>
        <source>Number, receipt, supplier, invoice</source>
        <translation>编号、收货单、供应商、发票</translation>
    </message>
</context>
<context>
    <name>PriceForm</name>
    <message>
        <source>&amp;Product</source>
        <translation>商品(&amp;P)</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Price &amp;level</source>
        <translation>价格等级(&amp;L)</translation>
    </message>
    <message>
        <source>Price level</source>
        <translation>价格等级</translation>
    </message>
    <message>
        <source>&amp;From quantity</source>
        <translation>起始数量(&amp;F)</translation>
    </message>
    <message>
        <source>From quantity</source>
        <translation>起始数量</translation>
    </message>
    <message>
        <source>From &amp;date</source>
        <translation>起始日期(&amp;D)</translation>
    </message>
    <message>
        <source>From date</source>
        <translation>起始日期</translation>
    </message>
    <message>
        <source>&amp;Unit price</source>
        <translation>单价(&amp;U)</translation>
    </message>
    <message>
        <source>Unit price</source>
        <translation>单价</translation>
    </message>
</context>
<context>
    <name>PriceLevelForm</name>
    <message>
        <source>&amp;Code</source>
        <translation>编码(&amp;C)</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>名称(&amp;N)</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Chinese na&amp;me</source>
        <translation>中文名称(&amp;M)</translation>
    </message>
    <message>
        <source>Chinese name</source>
        <translation>中文名称</translation>
    </message>
</context>
<context>
    <name>Prices</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Price level</source>
        <translation>价格等级</translation>
    </message>
    <message>
        <source>From quantity</source>
        <translation>起始数量</translation>
    </message>
    <message>
        <source>From date</source>
        <translation>起始日期</translation>
    </message>
    <message>
        <source>Unit price</source>
        <translation>单价</translation>
    </message>
    <message>
        <source>Prices</source>
        <translation>价目表</translation>
    </message>
    <message>
        <source>No prices yet</source>
        <translation>还没有价格</translation>
    </message>
    <message>
        <source>Product, price level</source>
        <translation>商品、价格等级</translation>
    </message>
    <message>
        <source>New price</source>
        <translation>新建价格</translation>
    </message>
</context>
<context>
    <name>Printing</name>
    <message>
        <source>Saved as {file}</source>
        <translation>已保存为 {file}</translation>
    </message>
</context>
<context>
    <name>ProblemBar</name>
    <message>
        <source>Please put right (F8: next)</source>
        <translation>请改正（F8：下一处）</translation>
    </message>
    <message>
        <source>Nothing is typed here yet, so there is nothing to save.</source>
        <translation>此处尚未输入内容，没有可保存的内容。</translation>
    </message>
</context>
<context>
    <name>ProductForm</name>
    <message>
        <source>&amp;Code</source>
        <translation>编码(&amp;C)</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Cate&amp;gory</source>
        <translation>分类(&amp;G)</translation>
    </message>
    <message>
        <source>Category</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>名称(&amp;N)</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Chinese na&amp;me</source>
        <translation>中文名称(&amp;M)</translation>
    </message>
    <message>
        <source>Chinese name</source>
        <translation>中文名称</translation>
    </message>
    <message>
        <source>Stock &amp;unit</source>
        <translation>库存单位(&amp;U)</translation>
    </message>
    <message>
        <source>Stock unit</source>
        <translation>库存单位</translation>
    </message>
    <message>
        <source>Usual &amp;supplier</source>
        <translation>常用供应商(&amp;S)</translation>
    </message>
    <message>
        <source>Usual supplier</source>
        <translation>常用供应商</translation>
    </message>
    <message>
        <source>List &amp;price</source>
        <translation>标价(&amp;P)</translation>
    </message>
    <message>
        <source>List price</source>
        <translation>标价</translation>
    </message>
    <message>
        <source>&amp;Weight (kg)</source>
        <translation>重量（kg）(&amp;W)</translation>
    </message>
    <message>
        <source>Weight (kg)</source>
        <translation>重量（kg）</translation>
    </message>
    <message>
        <source>Mi&amp;nimum stock</source>
        <translation>最低库存(&amp;N)</translation>
    </message>
    <message>
        <source>Minimum stock</source>
        <translation>最低库存</translation>
    </message>
    <message>
        <source>&amp;Volume (m³)</source>
        <translation>体积（m³）(&amp;V)</translation>
    </message>
    <message>
        <source>Volume (m³)</source>
        <translation>体积（m³）</translation>
    </message>
    <message>
        <source>Ma&amp;ximum stock</source>
        <translation>最高库存(&amp;X)</translation>
    </message>
    <message>
        <source>Maximum stock</source>
        <translation>最高库存</translation>
    </message>
    <message>
        <source>Kept by &amp;lot</source>
        <translation>批次管理(&amp;L)</translation>
    </message>
    <message>
        <source>Kept by lot</source>
        <translation>批次管理</translation>
    </message>
    <message>
        <source>Stock kept by lot or serial number always moves with it. Fixed once stock has moved.</source>
        <translation>按批次或序列号管理的库存始终随其批次或序列号移动。库存发生变动后不能再改。</translation>
    </message>
    <message>
        <source>Kept in s&amp;tock</source>
        <translation>管理库存(&amp;T)</translation>
    </message>
    <message>
        <source>Kept in stock</source>
        <translation>管理库存</translation>
    </message>
    <message>
        <source>Acti&amp;ve</source>
        <translation>启用(&amp;V)</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
</context>
<context>
    <name>ProductPage</name>
    <message>
        <source>Units</source>
        <translation>计量单位</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Stock units</source>
        <translation>库存单位</translation>
    </message>
    <message>
        <source>for so many</source>
        <translation>对应数量</translation>
    </message>
    <message>
        <source>Barcodes</source>
        <translation>条码</translation>
    </message>
    <message>
        <source>Barcode</source>
        <translation>条码</translation>
    </message>
    <message>
        <source>Prices</source>
        <translation>价格</translation>
    </message>
    <message>
        <source>Price level</source>
        <translation>价格等级</translation>
    </message>
    <message>
        <source>From quantity</source>
        <translation>起始数量</translation>
    </message>
    <message>
        <source>From date</source>
        <translation>起始日期</translation>
    </message>
    <message>
        <source>Unit price</source>
        <translation>单价</translation>
    </message>
    <message>
        <source>Stock by bin</source>
        <translation>各货位库存</translation>
    </message>
    <message>
        <source>Nothing on hand</source>
        <translation>没有现存量</translation>
    </message>
    <message>
        <source>Moves</source>
        <translation>库存流水</translation>
    </message>
    <message>
        <source>Nothing has moved yet</source>
        <translation>还没有库存流水</translation>
    </message>
</context>
<context>
    <name>Products</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Category</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>List price</source>
        <translation>标价</translation>
    </message>
    <message>
        <source>On hand</source>
        <translation>现存量</translation>
    </message>
    <message>
        <source>Allocated</source>
        <translation>已分配</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>可承诺量</translation>
    </message>
    <message>
        <source>In transit</source>
        <translation>在途</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
    <message>
        <source>Stock</source>
        <translation>库存</translation>
    </message>
    <message>
        <source>Below the minimum</source>
        <translation>低于最低库存</translation>
    </message>
    <message>
        <source>Products</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>No products yet</source>
        <translation>还没有商品</translation>
    </message>
    <message>
        <source>Code, name, category, supplier</source>
        <translation>编码、名称、分类、供应商</translation>
    </message>
    <message>
        <source>New product</source>
        <translation>新建商品</translation>
    </message>
</context>
<context>
    <name>Program</name>
    <message>
        <source>Sign in</source>
        <translation>登录</translation>
    </message>
    <message>
        <source>Changes of {name} wait on this computer: {count}. They are sent when {name} signs in again.</source>
        <translation>本机还有 {name} 的 {count} 项更改待发送，将在 {name} 再次登录后发送。</translation>
    </message>
</context>
<context>
    <name>PurchaseOrderForm</name>
    <message>
        <source>&amp;Supplier</source>
        <translation>供应商(&amp;S)</translation>
    </message>
    <message>
        <source>Code, name or scan</source>
        <translation>编码、名称或扫描</translation>
    </message>
    <message>
        <source>Supplier</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>&amp;Ordered</source>
        <translation>订购日期(&amp;O)</translation>
    </message>
    <message>
        <source>Ordered</source>
        <translation>订购</translation>
    </message>
    <message>
        <source>&amp;Reference</source>
        <translation>参考号(&amp;R)</translation>
    </message>
    <message>
        <source>The supplier&apos;s own number for this order</source>
        <translation>供应商对此订单的编号</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>参考号</translation>
    </message>
    <message>
        <source>Deliver &amp;to</source>
        <translation>送货至(&amp;T)</translation>
    </message>
    <message>
        <source>Code or name</source>
        <translation>编码或名称</translation>
    </message>
    <message>
        <source>Deliver to</source>
        <translation>送货地址</translation>
    </message>
    <message>
        <source>&amp;Due</source>
        <translation>到货日期(&amp;D)</translation>
    </message>
    <message>
        <source>Due</source>
        <translation>到期</translation>
    </message>
    <message>
        <source>N&amp;ote</source>
        <translation>备注(&amp;O)</translation>
    </message>
    <message>
        <source>Printed on the order</source>
        <translation>打印在订单上</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>&amp;Currency</source>
        <translation>币种(&amp;C)</translation>
    </message>
    <message>
        <source>The prices of this order are in this currency</source>
        <translation>本订单的价格使用该币种</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>Lines of the purchase order</source>
        <translation>采购订单明细</translation>
    </message>
</context>
<context>
    <name>PurchaseOrderPage</name>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>价格</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>已收货</translation>
    </message>
    <message>
        <source>Lines: {count}</source>
        <translation>明细：{count}</translation>
    </message>
    <message>
        <source>Total {currency} {amount}</source>
        <translation>合计 {currency} {amount}</translation>
    </message>
    <message>
        <source>Save draft</source>
        <translation>保存草稿</translation>
    </message>
    <message>
        <source>Save draft (Ctrl+S)</source>
        <translation>保存草稿 (Ctrl+S)</translation>
    </message>
    <message>
        <source>Confirm</source>
        <translation>确认</translation>
    </message>
    <message>
        <source>Receive goods</source>
        <translation>收货</translation>
    </message>
    <message>
        <source>Print PDF</source>
        <translation>打印 PDF</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>复制单据</translation>
    </message>
    <message>
        <source>Cancel the order</source>
        <translation>取消订单</translation>
    </message>
    <message>
        <source>Correct received prices</source>
        <translation>更正收货价格</translation>
    </message>
    <message>
        <source>Save the order first.</source>
        <translation>请先保存订单。</translation>
    </message>
    <message>
        <source>No goods of this order have come yet.</source>
        <translation>此订单尚未收货。</translation>
    </message>
    <message>
        <source>The order is cancelled already.</source>
        <translation>订单已经取消。</translation>
    </message>
    <message>
        <source>Goods of this order have come already.</source>
        <translation>此订单已有货物到达。</translation>
    </message>
    <message>
        <source>Purchase order saved</source>
        <translation>采购订单已保存</translation>
    </message>
    <message>
        <source>Confirming sends an order for {currency} {amount} (lines: {count}) to {supplier}. From then on goods are expected on {due_on} and the lines cannot be changed.</source>
        <translation>确认后将向 {supplier} 下达 {currency} {amount} 的订单（行数：{count}）。此后预计 {due_on} 到货，明细不能再更改。</translation>
    </message>
    <message>
        <source>Confirm the order</source>
        <translation>确认订单</translation>
    </message>
    <message>
        <source>Purchase order confirmed</source>
        <translation>采购订单已确认</translation>
    </message>
    <message>
        <source>Cancelling takes the order back: nothing more is expected of it. It stays in the list.</source>
        <translation>取消后此订单不再有货物到达，但仍保留在列表中。</translation>
    </message>
    <message>
        <source>Purchase order cancelled</source>
        <translation>采购订单已取消</translation>
    </message>
    <message>
        <source>Printing the purchase order</source>
        <translation>正在打印采购订单</translation>
    </message>
</context>
<context>
    <name>PurchaseOrders</name>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Supplier</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>Ordered</source>
        <translation>订购</translation>
    </message>
    <message>
        <source>Due</source>
        <translation>到期</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>已收货</translation>
    </message>
    <message>
        <source>To receive</source>
        <translation>待收货</translation>
    </message>
    <message>
        <source>Number, supplier, reference</source>
        <translation>编号、供应商、参考号</translation>
    </message>
    <message>
        <source>Purchase orders</source>
        <translation>采购订单</translation>
    </message>
    <message>
        <source>No purchase orders yet</source>
        <translation>还没有采购订单</translation>
    </message>
    <message>
        <source>New purchase order</source>
        <translation>新建采购订单</translation>
    </message>
</context>
<context>
    <name>Question</name>
    <message>
        <source>Go back</source>
        <translation>返回</translation>
    </message>
</context>
<context>
    <name>RateField</name>
    <message>
        <source>E&amp;xchange rate, {own} for 1 {currency}</source>
        <translation>汇率(&amp;X)，1 {currency} 折合 {own}</translation>
    </message>
    <message>
        <source>The rate of that day is {known}, here it is {rate}. Has the decimal point slipped?</source>
        <translation>当日汇率为 {known}，此处为 {rate}。小数点是否有误？</translation>
    </message>
</context>
<context>
    <name>ReasonDialog</name>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Go back</source>
        <translation>返回</translation>
    </message>
</context>
<context>
    <name>ReceiveGoodsForm</name>
    <message>
        <source>&amp;Received</source>
        <translation>收货日期(&amp;R)</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>已收货</translation>
    </message>
    <message>
        <source>Delivery &amp;note</source>
        <translation>送货单号(&amp;N)</translation>
    </message>
    <message>
        <source>The number on the supplier&apos;s delivery note</source>
        <translation>供应商送货单上的编号</translation>
    </message>
    <message>
        <source>Delivery note</source>
        <translation>送货单号</translation>
    </message>
    <message>
        <source>&amp;Scan</source>
        <translation>扫描(&amp;S)</translation>
    </message>
    <message>
        <source>Product barcode or code, Enter adds one</source>
        <translation>商品条码或编码，按 Enter 加一件</translation>
    </message>
    <message>
        <source>Scan</source>
        <translation>扫描</translation>
    </message>
    <message>
        <source>E&amp;xchange rate</source>
        <translation>汇率(&amp;X)</translation>
    </message>
    <message>
        <source>What one unit of the currency is worth in company currency; proposed as the day&apos;s rate</source>
        <translation>一单位该币种折合多少本位币；默认取当日汇率</translation>
    </message>
    <message>
        <source>Exchange rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Counted lines</source>
        <translation>清点明细</translation>
    </message>
</context>
<context>
    <name>ReceiveGoodsPage</name>
    <message>
        <source>Receive goods</source>
        <translation>收货</translation>
    </message>
    <message>
        <source>All as ordered</source>
        <translation>全部按订单</translation>
    </message>
    <message>
        <source>Open the order</source>
        <translation>打开订单</translation>
    </message>
    <message>
        <source>Receive</source>
        <translation>收货</translation>
    </message>
    <message>
        <source>Goods received into stock</source>
        <translation>货物已入库</translation>
    </message>
    <message>
        <source>Another lot</source>
        <translation>增加批次</translation>
    </message>
    <message>
        <source>Lot or serial numbers</source>
        <translation>批次或序列号</translation>
    </message>
    <message>
        <source>Expires</source>
        <translation>有效期至</translation>
    </message>
    <message>
        <source>Still open</source>
        <translation>未收</translation>
    </message>
    <message>
        <source>Counted</source>
        <translation>清点</translation>
    </message>
    <message>
        <source>Receive goods of {order}</source>
        <translation>{order} 收货</translation>
    </message>
    <message>
        <source>{order} is in the state {status}: no goods of it are expected.</source>
        <translation>{order} 处于“{status}”状态：没有待收的货物。</translation>
    </message>
    <message>
        <source>No goods of this order are expected now.</source>
        <translation>此订单目前没有待收的货物。</translation>
    </message>
    <message>
        <source>Nothing on this order is kept by lot.</source>
        <translation>此订单中没有按批次管理的商品。</translation>
    </message>
    <message>
        <source>Go to a product that is kept by lot first.</source>
        <translation>请先选中一个按批次管理的商品。</translation>
    </message>
    <message>
        <source>Serial number {code} is counted already. Scan the next piece.</source>
        <translation>序列号 {code} 已经清点过，请扫描下一件。</translation>
    </message>
    <message>
        <source>{product}: {code}</source>
        <translation>{product}：{code}</translation>
    </message>
</context>
<context>
    <name>ReceiveTransferForm</name>
    <message>
        <source>A&amp;rrived on</source>
        <translation>到达日期(&amp;R)</translation>
    </message>
    <message>
        <source>Arrived on</source>
        <translation>到达日期</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细行</translation>
    </message>
</context>
<context>
    <name>ReceiveTransferPage</name>
    <message>
        <source>Goods taken in from transit</source>
        <translation>在途的货已收入</translation>
    </message>
    <message>
        <source>Take in</source>
        <translation>收入</translation>
    </message>
    <message>
        <source>All arrived</source>
        <translation>全部到达</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>In transit</source>
        <translation>在途</translation>
    </message>
    <message>
        <source>Arrived</source>
        <translation>到达</translation>
    </message>
    <message>
        <source>Take in {transfer}</source>
        <translation>收入 {transfer}</translation>
    </message>
    <message>
        <source>Nothing of this transfer is in transit any more.</source>
        <translation>这张调拨单已经没有在途的货。</translation>
    </message>
</context>
<context>
    <name>RecordPage</name>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Save (Ctrl+S)</source>
        <translation>保存 (Ctrl+S)</translation>
    </message>
    <message>
        <source>{kind}: new</source>
        <translation>{kind}：新建</translation>
    </message>
    <message>
        <source>Nothing was changed.</source>
        <translation>未作任何更改。</translation>
    </message>
    <message>
        <source>Saved</source>
        <translation>已保存</translation>
    </message>
    <message>
        <source>This was changed elsewhere while you typed. Nothing of yours is lost.</source>
        <translation>您录入期间，此记录已在别处更改。您的内容没有丢失。</translation>
    </message>
    <message>
        <source>Show what is saved</source>
        <translation>显示已保存的内容</translation>
    </message>
    <message>
        <source>Keep mine</source>
        <translation>保留我的输入</translation>
    </message>
</context>
<context>
    <name>Refusal</name>
    <message>
        <source>Debits of {debit} and credits of {credit} differ. Make them equal; nothing was posted.</source>
        <translation>借方 {debit} 与贷方 {credit} 不相等。请使其平衡；未过账。</translation>
    </message>
    <message>
        <source>Each line needs either a debit or a credit above zero. Correct line {line_no}; nothing was posted.</source>
        <translation>每行需要大于零的借方或贷方。请更正第 {line_no} 行；未过账。</translation>
    </message>
    <message>
        <source>{amount} has more decimal places than {currency} has. Round it; nothing was posted.</source>
        <translation>{amount} 的小数位多于 {currency} 的位数。请四舍五入；未过账。</translation>
    </message>
    <message>
        <source>{account} is kept by stock documents, so that it always equals the value of stock. Use a count, a landed cost or a price correction instead; nothing was changed.</source>
        <translation>{account} 由库存单据记账，以便始终等于库存价值。请改用盘点、到岸成本或价格更正；未作任何更改。</translation>
    </message>
    <message>
        <source>Stock is posted to {account} already, and what it is worth would stay behind there. Leave the account, or give another one to a new category; nothing was changed.</source>
        <translation>{account} 已有库存入账，改用其他科目会把库存价值留在原科目。请保留该科目，或为新的分类指定其他科目；未作任何更改。</translation>
    </message>
    <message>
        <source>{account} holds other postings, so it could not equal the value of stock. Choose an account that nothing is posted to; nothing was changed.</source>
        <translation>{account} 已有其他记账，无法等于库存价值。请选择尚无记账的科目；未作任何更改。</translation>
    </message>
    <message>
        <source>The period from {starts_on} is still open. Close periods in their order; nothing was changed.</source>
        <translation>{starts_on} 开始的期间仍未结账。请按顺序结账；未作任何更改。</translation>
    </message>
    <message>
        <source>The period from {starts_on} is closed already. Reopen the latest one first; nothing was changed.</source>
        <translation>{starts_on} 开始的期间已经结账。请先反结账最近的期间；未作任何更改。</translation>
    </message>
    <message>
        <source>{product} stands at {qty} at the end of the period, so its month-end average in the cost book {book} cannot be computed. Enter the missing receipt or count first; the period is still open.</source>
        <translation>{product} 期末数量为 {qty}，成本账簿“{book}”无法计算其月末一次加权平均成本。请先录入缺少的入库单或盘点单；该期间仍未结账。</translation>
    </message>
    <message>
        <source>There is no line yet. Add at least one product, then try again; nothing was changed.</source>
        <translation>还没有明细行。请至少添加一个商品后再试；未作任何更改。</translation>
    </message>
    <message>
        <source>One line is named twice. Keep it once; nothing was changed.</source>
        <translation>同一行出现两次。请只保留一次；未作任何更改。</translation>
    </message>
    <message>
        <source>The quantity {qty} of {product} must be above zero. Correct it; nothing was changed.</source>
        <translation>{product} 的数量 {qty} 必须大于零。请更正；未作任何更改。</translation>
    </message>
    <message>
        <source>{amount} may not be below zero here. Correct it; nothing was changed.</source>
        <translation>{amount} 在这里不能小于零。请更正；未作任何更改。</translation>
    </message>
    <message>
        <source>{day} is in a closed period, so nothing was posted. Use {open_from} or a later day, or ask an accountant.</source>
        <translation>{day} 属于已结账的期间，因此未过账。请使用 {open_from} 或之后的日期，或联系会计。</translation>
    </message>
    <message>
        <source>No accounting period holds {day}. Check the date, or open the year first; nothing was changed.</source>
        <translation>没有包含 {day} 的会计期间。请检查日期，或先开启该年度；未作任何更改。</translation>
    </message>
    <message>
        <source>{day} is still to come. Enter this on that day, or use an earlier date; nothing was posted.</source>
        <translation>{day} 尚未到来。请在当天录入，或改用更早的日期；未过账任何内容。</translation>
    </message>
    <message>
        <source>{document} is {status}, so this cannot be done to it any more. Refresh to see it as it is now; nothing was changed.</source>
        <translation>{document} 处于“{status}”状态，不能再这样做。请刷新查看现状；未作任何更改。</translation>
    </message>
    <message>
        <source>{product} is not active any more. Choose another product or make it active again first; nothing was changed.</source>
        <translation>{product} 已停用。请选择其他商品，或先重新启用；未作任何更改。</translation>
    </message>
    <message>
        <source>All that was shipped of {order} is invoiced already. Nothing was changed.</source>
        <translation>{order} 已发货的部分都已开票。未作任何更改。</translation>
    </message>
    <message>
        <source>This company invoices goods when they are delivered. Confirm the delivery of the shipments of {order}; nothing was changed.</source>
        <translation>本公司在货物送达时开票。请确认 {order} 的发货已送达；未做任何更改。</translation>
    </message>
    <message>
        <source>The amount {amount} must be above zero. Correct it; nothing was changed.</source>
        <translation>金额 {amount} 必须大于零。请更正；未作任何更改。</translation>
    </message>
    <message>
        <source>{value} is not one of: {choices}. Choose one of these; nothing was changed.</source>
        <translation>{value} 不在可选值之中：{choices}。请从中选择；未作任何更改。</translation>
    </message>
    <message>
        <source>These receipts brought no stock that could bear the cost. Choose other receipts; nothing was changed.</source>
        <translation>这些收货单没有可承担成本的库存。请选择其他收货单；未作任何更改。</translation>
    </message>
    <message>
        <source>{receipt} came on {received_on}; its cost cannot be dated before. Correct the date; nothing was changed.</source>
        <translation>{receipt} 于 {received_on} 到货；其成本日期不能更早。请更正日期；未作任何更改。</translation>
    </message>
    <message>
        <source>{amount} is below zero: a credit note names the landed cost that it takes back. Choose that landed cost, or correct the amount; nothing was changed.</source>
        <translation>{amount} 小于零：贷项通知单须指明所冲减的到岸成本。请选择该到岸成本，或更正金额；未作任何更改。</translation>
    </message>
    <message>
        <source>A credit note lowers {landed_cost}, so its amount is below zero; {amount} is not. Correct it; nothing was changed.</source>
        <translation>贷项通知单用于冲减 {landed_cost}，金额应小于零，而 {amount} 不是。请更正；未作任何更改。</translation>
    </message>
    <message>
        <source>{landed_cost} is a credit note itself. Choose the landed cost that it was for; nothing was changed.</source>
        <translation>{landed_cost} 本身就是贷项通知单。请选择它所冲减的到岸成本；未作任何更改。</translation>
    </message>
    <message>
        <source>{asked} are to be credited, but only {open} of {landed_cost} are left to credit. Correct the amount; nothing was changed.</source>
        <translation>要冲减 {asked}，而 {landed_cost} 只剩 {open} 可冲减。请更正金额；未作任何更改。</translation>
    </message>
    <message>
        <source>{landed_cost} is dated {dated_on}; its credit note cannot be dated before. Correct the date; nothing was changed.</source>
        <translation>{landed_cost} 的日期为 {dated_on}，其贷项通知单不能早于该日期。请更正日期；未作任何更改。</translation>
    </message>
    <message>
        <source>{landed_cost} was entered in {currency} at the rate {rate}, and its credit note takes it back at the same. Use that currency and rate; nothing was changed.</source>
        <translation>{landed_cost} 以 {currency}、汇率 {rate} 录入，其贷项按同一币种和汇率冲回。请使用该币种和汇率；没有任何更改。</translation>
    </message>
    <message>
        <source>The share {amount} of a credit note must be below zero. Correct it; nothing was changed.</source>
        <translation>贷项通知单的分摊额 {amount} 必须小于零。请更正；未作任何更改。</translation>
    </message>
    <message>
        <source>{asked} are to be credited to a line that bears no more than {open} of it. Correct the share; nothing was changed.</source>
        <translation>要冲减某行 {asked}，而该行只承担 {open}。请更正分摊额；未作任何更改。</translation>
    </message>
    <message>
        <source>The shares add up to {shares}, but {amount} are to be shared. Correct one of them; nothing was changed.</source>
        <translation>分摊额合计为 {shares}，而应分摊 {amount}。请更正其一；未作任何更改。</translation>
    </message>
    <message>
        <source>Only {on_hand} of {product} are in {bin}, {asked} were asked for. Count again or choose another bin; nothing was changed.</source>
        <translation>{bin} 中只有 {on_hand} 个 {product}，需要 {asked} 个。请重新清点或选择其他货位；未作任何更改。</translation>
    </message>
    <message>
        <source>Only {free} of {asked} {product} are free in {warehouse}. Order fewer, or wait for the next receipt; nothing was changed.</source>
        <translation>{warehouse} 可用的 {product} 只有 {free} 个，需要 {asked} 个。请减少订购，或等待下次到货；未作任何更改。</translation>
    </message>
    <message>
        <source>Warehouse {warehouse} has no bin for goods that arrive. Name a bin, or give the warehouse one; nothing was changed.</source>
        <translation>仓库 {warehouse} 没有收货货位。请指定货位，或为仓库设置一个；未作任何更改。</translation>
    </message>
    <message>
        <source>Bin {bin} is in another warehouse. Choose a bin of this one; nothing was changed.</source>
        <translation>货位 {bin} 属于其他仓库。请选择本仓库的货位；未作任何更改。</translation>
    </message>
    <message>
        <source>{value} cannot be used as {field}. Choose one of the values offered; nothing was changed.</source>
        <translation>{value} 不能用作{field}。请从给出的值中选择；未作任何更改。</translation>
    </message>
    <message>
        <source>There is no role {role}. Choose one of: {roles}. Nothing was changed.</source>
        <translation>没有角色 {role}。请从中选择：{roles}。未作任何更改。</translation>
    </message>
    <message>
        <source>{name} is the last administrator. Give another person the role first; nothing was changed.</source>
        <translation>{name} 是最后一位管理员。请先把该角色授予其他人；未作任何更改。</translation>
    </message>
    <message>
        <source>This would break a rule of the books ({rule}), so nothing was changed. Refresh and try again; if it stays so, tell support the name of the rule.</source>
        <translation>这会违反账目规则（{rule}），因此未作任何更改。请刷新后再试；如仍如此，请将规则名称告诉技术支持。</translation>
    </message>
    <message>
        <source>{party} is not an active supplier. Choose a supplier; nothing was changed.</source>
        <translation>{party} 不是启用的供应商。请选择供应商；未作任何更改。</translation>
    </message>
    <message>
        <source>The due date {due_on} is before the order date. Use {ordered_on} or a later day; nothing was changed.</source>
        <translation>到货日期 {due_on} 早于订购日期。请使用 {ordered_on} 或之后的日期；未作任何更改。</translation>
    </message>
    <message>
        <source>This cannot be done. Nothing was changed.</source>
        <translation>无法这样做。未作任何更改。</translation>
    </message>
    <message>
        <source>This document</source>
        <translation>此单据</translation>
    </message>
    <message>
        <source>this document</source>
        <translation>此单据</translation>
    </message>
    <message>
        <source>Your role does not allow this ({permission}). Ask an administrator; nothing was changed.</source>
        <translation>您的角色不允许此操作（{permission}）。请联系管理员；未作任何更改。</translation>
    </message>
    <message>
        <source>The {kind} that this names is not here any more. Refresh and choose again; nothing was changed.</source>
        <translation>所指的{kind}已不存在。请刷新后重新选择；未作任何更改。</translation>
    </message>
    <message>
        <source>The central service does not know {name} as this program sends it. Send it again once the central service or this program is upgraded; what you typed is kept.</source>
        <translation>中心服务不认识本程序发送的 {name}。请在中心服务或本程序升级后重新发送；您输入的内容已保留。</translation>
    </message>
    <message>
        <source>The central service failed at this, which is no mistake of yours. What you typed is kept: send it again later, and tell an administrator if it fails once more.</source>
        <translation>中心服务处理此项时出错，这不是您的错误。您输入的内容已保留：请稍后再次发送；若仍然出错，请告知管理员。</translation>
    </message>
    <message>
        <source>The central service does not understand this as it is. Open it, look through what you typed and send it again, or drop it; until then it is kept.</source>
        <translation>中心服务无法理解此项的内容。请打开它，检查所输入的内容后再次发送，或放弃它；在此之前内容一直保留。</translation>
    </message>
    <message>
        <source>{value} is not a number that can be kept with {places} decimal places, or is too large. Correct it; nothing was changed.</source>
        <translation>{value} 不是能以 {places} 位小数保存的数字，或者数值过大。请更正；未作任何更改。</translation>
    </message>
    <message>
        <source>A text is longer than {limit} characters or holds a character that cannot be stored. Shorten or retype it; nothing was changed.</source>
        <translation>有文字超过 {limit} 个字符，或含有无法保存的字符。请缩短或重新输入；未作任何更改。</translation>
    </message>
    <message>
        <source>The code {code} is taken already. Choose another; nothing was changed.</source>
        <translation>编码 {code} 已被使用。请换一个；未作任何更改。</translation>
    </message>
    <message>
        <source>{field} is missing. Fill it in; nothing was changed.</source>
        <translation>缺少{field}。请填写；未作任何更改。</translation>
    </message>
    <message>
        <source>The effect is not shown: working it out takes longer than a few seconds, and others would have to wait meanwhile. Press F7 twice to ask again, or post without it; nothing was changed.</source>
        <translation>未显示影响：算出它需要超过几秒钟，期间其他人必须等待。按两次 F7 可再次查询，也可不看影响直接过账；没有任何更改。</translation>
    </message>
    <message>
        <source>It is not said who sent the goods back. Choose the customer, or the channel if nobody knows who; nothing was changed.</source>
        <translation>没有说明是谁退回的货物。请选择客户；如不知道是谁，请选择渠道；未作任何更改。</translation>
    </message>
    <message>
        <source>{asked} of {product} came back, but only {open} of {shipment} are still with the customer. Count again; nothing was changed.</source>
        <translation>退回 {asked} 个 {product}，但 {shipment} 只有 {open} 个仍在客户处。请重新清点；未作任何更改。</translation>
    </message>
    <message>
        <source>{shipment} left on {shipped_on}; goods cannot be back before. Correct the date; nothing was changed.</source>
        <translation>{shipment} 于 {shipped_on} 发出；货物不可能更早退回。请更正日期；未作任何更改。</translation>
    </message>
    <message>
        <source>{announced} was announced by another customer. Take these goods in on their own, without the announcement; nothing was changed.</source>
        <translation>{announced} 是另一位客户通知的退货。请不按该通知、单独收下这些货物；未做任何更改。</translation>
    </message>
    <message>
        <source>{shipment} was delivered on {delivered_on}; what the customer had cannot be back before. Correct the date; nothing was changed.</source>
        <translation>{shipment} 于 {delivered_on} 送达；客户已收到的货物不可能在此之前退回。请更正日期；未做任何更改。</translation>
    </message>
    <message>
        <source>{field} cannot be {value}. Correct it; nothing was changed.</source>
        <translation>{field}不能是 {value}。请更正；未作任何更改。</translation>
    </message>
    <message>
        <source>The {field} of {name} cannot be changed any more, because stock has moved under it. Make a new one instead; nothing was changed.</source>
        <translation>{name} 的{field}不能再更改，因为已有库存流水。请新建一个；未作任何更改。</translation>
    </message>
    <message>
        <source>The same {kind} is entered already. Change that one instead; nothing was changed.</source>
        <translation>相同的{kind}已存在。请改为修改那一条；未作任何更改。</translation>
    </message>
    <message>
        <source>Somebody else changed {record} meanwhile, in the same place as you. Compare both versions and choose; nothing was changed.</source>
        <translation>别人同时修改了 {record} 的同一处。请对照两个版本后选择；没有任何更改。</translation>
    </message>
    <message>
        <source>{party} is not an active customer. Choose a customer; nothing was changed.</source>
        <translation>{party} 不是启用的客户。请选择客户；未作任何更改。</translation>
    </message>
    <message>
        <source>A discount of {discount} is not between 0 % and 100 %. Correct it; nothing was changed.</source>
        <translation>折扣 {discount} 不在 0 % 到 100 % 之间。请更正；未作任何更改。</translation>
    </message>
    <message>
        <source>Priority {priority} is not between 1 (first) and 5 (last). Correct it; nothing was changed.</source>
        <translation>优先级 {priority} 不在 1（最先）到 5（最后）之间。请更正；未作任何更改。</translation>
    </message>
    <message>
        <source>{party} is not an active carrier. Choose a carrier; nothing was changed.</source>
        <translation>{party} 不是启用的承运商。请选择承运商；未作任何更改。</translation>
    </message>
    <message>
        <source>Nothing is allocated to {order}. Allocate it first, or name the lines to ship.</source>
        <translation>{order} 还没有分配库存。请先分配，或指定要发货的行。</translation>
    </message>
    <message>
        <source>{asked} of {product} to ship, {open} open on {order}. Ship no more than was ordered; nothing was changed.</source>
        <translation>要发 {asked} 个 {product}，而 {order} 未发 {open} 个。发货不能超过订购数量；未作任何更改。</translation>
    </message>
    <message>
        <source>Only {free} of {asked} {product} have not expired; what else is there has. Name the lot to ship it all the same; nothing was changed.</source>
        <translation>{product} 需要 {asked}，未过期的只有 {free}，其余均已过期。如仍要发出，请指定批次；未作任何更改。</translation>
    </message>
    <message>
        <source>{counted} of {product} counted, but {allocated} there are promised to orders. Release them first, then count again; nothing was changed.</source>
        <translation>清点到 {counted} 个 {product}，但其中 {allocated} 个已分配给订单。请先释放分配，再重新清点；未作任何更改。</translation>
    </message>
    <message>
        <source>The goods are in this bin already. Choose another bin; nothing was changed.</source>
        <translation>货物已在此货位。请选择其他货位；未作任何更改。</translation>
    </message>
    <message>
        <source>{product} has no cost yet, so stock of it cannot be found. State its unit cost; nothing was changed.</source>
        <translation>{product} 还没有成本，因此不能盘盈。请填写单位成本；未作任何更改。</translation>
    </message>
    <message>
        <source>This computer&apos;s disk is full, so nothing was saved. Free some space and try again.</source>
        <translation>本机磁盘已满，因此没有保存。请腾出空间后再试。</translation>
    </message>
    <message>
        <source>This version of the program does not know {name} any more. Enter it again; what you typed is kept.</source>
        <translation>此版本的程序已不认识 {name}。请重新录入；您输入的内容仍保留。</translation>
    </message>
    <message>
        <source>This could not be done again on the newest data ({detail}). Look at it and send it again, or drop it.</source>
        <translation>无法在最新数据上重做（{detail}）。请查看后重新发送，或放弃。</translation>
    </message>
    <message>
        <source>This builds on a change that was not carried out and that this computer does not hold any more. Look at it and send it again, or drop it; nothing else was lost.</source>
        <translation>它所依据的更改没有执行，而且本机已不再保存那项更改。请查看后重新发送，或放弃它；其他内容均未丢失。</translation>
    </message>
    <message>
        <source>This was settled in Needs attention meanwhile, so nothing was sent. Close this form; if it is still to be done, enter it anew.</source>
        <translation>这一项已在“待处理”中处理，因此没有发送。请关闭此表单；如仍需执行，请重新录入。</translation>
    </message>
    <message>
        <source>Sign in with your password to fetch the company&apos;s data.</source>
        <translation>请用密码登录以获取公司数据。</translation>
    </message>
    <message>
        <source>The company, the user name or the password is not right. Check them and sign in again.</source>
        <translation>公司、用户名或密码不正确。请检查后重新登录。</translation>
    </message>
    <message>
        <source>The central service does not answer. Signing in needs it; check the address, or try again in a moment.</source>
        <translation>中心服务没有响应，而登录需要它。请检查地址，或稍后再试。</translation>
    </message>
    <message>
        <source>This password was given to you for one time. Choose one of your own; nothing was changed yet.</source>
        <translation>这个密码只供您使用一次。请设置自己的密码；尚未做任何更改。</translation>
    </message>
    <message>
        <source>A password has 8 to 200 characters. Choose another one; your password was not changed.</source>
        <translation>密码须有 8 到 200 个字符。请另选一个；您的密码没有更改。</translation>
    </message>
    <message>
        <source>This is the password that you have now. Choose another one; nothing was changed.</source>
        <translation>这就是您现在的密码。请另选一个；未做任何更改。</translation>
    </message>
    <message>
        <source>Too many wrong passwords. Wait {seconds} seconds and try again.</source>
        <translation>密码错误次数过多。请等待 {seconds} 秒后再试。</translation>
    </message>
    <message>
        <source>The central service did not let you in ({reason}). Ask an administrator.</source>
        <translation>中心服务拒绝登录（{reason}）。请联系管理员。</translation>
    </message>
    <message>
        <source>The central service does not let this computer in any more. An administrator can say why.</source>
        <translation>中心服务不再允许这台电脑登录。原因请咨询管理员。</translation>
    </message>
    <message>
        <source>This computer keeps the data of another company or person for this name. Nothing was changed; ask an administrator.</source>
        <translation>本机以此名称保存的是另一家公司或另一个人的数据。未作任何更改；请联系管理员。</translation>
    </message>
    <message>
        <source>This program is too old for the central service. Install the new version; changes that wait are kept.</source>
        <translation>本程序版本过旧，中心服务已不支持。请安装新版本；待发送的更改会保留。</translation>
    </message>
    <message>
        <source>This computer has not spoken to the central service for more than {days} days, so the data stay closed. Sign in while the central service can be reached; everything is kept, and what waits is sent then.</source>
        <translation>本机已超过 {days} 天未与中心服务联系，因此数据保持关闭。请在能连接中心服务时登录；所有内容都已保留，等待的更改届时会发送。</translation>
    </message>
    <message>
        <source>The central service does not let you in any more, so the data on this computer are closed. They are kept, with what waits to be sent; an administrator can say why, or let you in again.</source>
        <translation>中心服务不再允许您登录，因此本机数据已关闭。数据及等待发送的更改都已保留；管理员可以说明原因或重新允许您登录。</translation>
    </message>
    <message>
        <source>The central service does not let this computer in any more, so the key of the data on it was erased. Changes that had not been sent: {count}; they cannot be sent from here any more. An administrator can say why.</source>
        <translation>中心服务不再允许本机接入，因此本机数据的密钥已删除。尚未发送的更改：{count} 项；它们无法再从本机发送。管理员可以说明原因。</translation>
    </message>
    <message>
        <source>{address} is not the address of a central service. It looks like https://erp.example.com; an administrator knows it.</source>
        <translation>{address} 不是中心服务的地址。地址的写法如 https://erp.example.com，可向管理员询问。</translation>
    </message>
    <message>
        <source>No computer called {host} can be found. Check the address, and that this computer is on the network.</source>
        <translation>找不到名为 {host} 的电脑。请检查地址以及本机的网络连接。</translation>
    </message>
    <message>
        <source>Something answers at {address}, but it is not the central service. Check the address.</source>
        <translation>{address} 有响应，但不是中心服务。请检查地址。</translation>
    </message>
    <message>
        <source>{host} cannot prove that it is the central service: its certificate is not trusted here. Your password was not sent. Ask an administrator.</source>
        <translation>{host} 无法证明自己是中心服务：本机不信任其证书。密码没有发送。请联系管理员。</translation>
    </message>
    <message>
        <source>The central service is older than this program. An administrator has to upgrade it first.</source>
        <translation>中心服务的版本比本程序旧，需由管理员先升级。</translation>
    </message>
    <message>
        <source>This central service has no company {company}. Its companies are: {companies}.</source>
        <translation>此中心服务中没有公司 {company}。现有公司：{companies}。</translation>
    </message>
    <message>
        <source>This central service has no company yet. An administrator opens the first one.</source>
        <translation>此中心服务中还没有公司，需由管理员新建第一家公司。</translation>
    </message>
    <message>
        <source>A company with the code {code} is in {folder} already. If it is not offered to you, its password is not kept on this computer. Name another code or another folder for a new one; nothing was changed.</source>
        <translation>{folder} 中已有编码为 {code} 的公司。如果它没有列出供您选择，说明此电脑没有保存其密码。请为新公司指定其他编码或其他文件夹；未作任何更改。</translation>
    </message>
    <message>
        <source>Last in first out is not allowed in statutory books (IAS 2.25 and the Chinese standards), and this book posts to the ledger. Confirm that you want it all the same, or choose another method; nothing was changed.</source>
        <translation>法定账簿不得采用后进先出（IAS 2.25 及中国会计准则），而本账簿向总账过账。请确认仍要采用，或选择其他方法；未作任何更改。</translation>
    </message>
    <message>
        <source>A method changes on the first day of a period, and {day} is in the middle of one. The next day possible is {possible}; nothing was changed.</source>
        <translation>计价方法只能自期间的第一天起变更，而 {day} 在期间之中。下一个可用日期是 {possible}；未作任何更改。</translation>
    </message>
    <message>
        <source>{name} is costed so already. Choose another method; nothing was changed.</source>
        <translation>{name} 已采用该方法计价。请选择其他方法；未作任何更改。</translation>
    </message>
    <message>
        <source>The method of {product} changes on {day} already. Choose that day or a later one; nothing was changed.</source>
        <translation>{product} 的计价方法已定于 {day} 变更。请选择该日或更晚的日期；未作任何更改。</translation>
    </message>
    <message>
        <source>Specific cost keeps every lot apart, and stock of {category} is not kept so. Choose another method, or open a book with specific cost; nothing was changed.</source>
        <translation>个别计价按批次分别核算，而 {category} 的库存并非如此。请选择其他方法，或另开一本个别计价的账簿；未作任何更改。</translation>
    </message>
    <message>
        <source>A category has a method of its own only in the book that posts to the ledger. Change the whole of {book} instead; nothing was changed.</source>
        <translation>只有向总账过账的账簿才允许分类使用自己的方法。请改为变更整本 {book}；未作任何更改。</translation>
    </message>
    <message>
        <source>{book} posts to the ledger, so it cannot be closed. Nothing was changed.</source>
        <translation>{book} 向总账过账，因此不能停用。未作任何更改。</translation>
    </message>
    <message>
        <source>Only {on_hand} of {product} were there on {day}, and {asked} leave. Use a later date, or enter what came in first; nothing was changed.</source>
        <translation>{day} 当天 {product} 只有 {on_hand}，要发出 {asked}。请改用较晚的日期，或先录入之前的收货；未做任何更改。</translation>
    </message>
    <message>
        <source>There was no {product} on {day} that could be worth more or less. Use a day when there was; nothing was changed.</source>
        <translation>{day} 当天没有 {product} 库存可以调整价值。请选择有库存的日期；未做任何更改。</translation>
    </message>
    <message>
        <source>The {product} of {day} is not worth as much as would be taken off it. Correct the amount; nothing was changed.</source>
        <translation>{day} 的 {product} 价值不足以减少这么多。请更正金额；未做任何更改。</translation>
    </message>
    <message>
        <source>Costs on {account} would be shared twice, by two rules. Give each rule a cost centre of its own or stop one of them; nothing was changed.</source>
        <translation>科目 {account} 的费用会被两条规则重复分摊。请为每条规则指定不同的成本中心，或停用其中一条；没有任何更改。</translation>
    </message>
    <message>
        <source>No rule says yet which costs are shared and by what. Add one first; nothing was changed.</source>
        <translation>还没有规则说明要分摊哪些费用、按什么分摊。请先添加规则；没有任何更改。</translation>
    </message>
    <message>
        <source>The period from {starts_on} is closed, so its costs to serve stay as they are. Choose an open period; nothing was changed.</source>
        <translation>自 {starts_on} 起的会计期间已结账，其服务成本不再变动。请选择未结账的期间；没有任何更改。</translation>
    </message>
    <message>
        <source>{day} is in a closed period, whose storage is settled. Let the rate begin later; nothing was changed.</source>
        <translation>{day} 属于已结账的会计期间，其仓储成本已确定。请让费率晚些生效；没有任何更改。</translation>
    </message>
    <message>
        <source>Nothing of {product} was on hand on {day}, so there is no value to change. Nothing was posted.</source>
        <translation>{product} 在 {day} 没有现存量，没有可变动的价值。未过账任何内容。</translation>
    </message>
    <message>
        <source>{product} is kept by lot or serial number, and none was named. Type or scan it; nothing was changed.</source>
        <translation>{product} 按批次或序列号管理，但没有填写批次或序列号。请录入或扫描；未作任何更改。</translation>
    </message>
    <message>
        <source>{product} is not kept by lot or serial number. Leave the lot empty; nothing was changed.</source>
        <translation>{product} 不按批次或序列号管理，批次请留空；未作任何更改。</translation>
    </message>
    <message>
        <source>{lot} is a lot of another product, not of {product}. Choose a lot of {product}; nothing was changed.</source>
        <translation>{lot} 是其他商品的批次，不属于 {product}。请选择 {product} 的批次；未作任何更改。</translation>
    </message>
    <message>
        <source>Lot {lot} of {product} expires on {expires_on} in the books. Correct the date or the lot; nothing was changed.</source>
        <translation>账上 {product} 批次 {lot} 的有效期至 {expires_on}。请更正日期或批次；未作任何更改。</translation>
    </message>
    <message>
        <source>Lot {lot} of {product} is named with two expiry dates, {first} and {second}. Correct one; nothing was changed.</source>
        <translation>{product} 的批次 {lot} 填写了两个有效期：{first} 和 {second}。请更正其中之一；未作任何更改。</translation>
    </message>
    <message>
        <source>{qty} of {product} under serial number {lot}, but a serial number is one piece. Give each piece its own; nothing was changed.</source>
        <translation>{product} 序列号 {lot} 下有 {qty}，但一个序列号只对应一件。请为每件填写各自的序列号；未作任何更改。</translation>
    </message>
    <message>
        <source>Serial number {lot} of {product} is in stock already. Read the number again; nothing was changed.</source>
        <translation>{product} 的序列号 {lot} 已在库存中。请重新核对序列号；未作任何更改。</translation>
    </message>
    <message>
        <source>{name} is costed lot by lot (specific cost), so costs are kept per lot and its products by lot or serial number. Choose that, or another costing method; nothing was changed.</source>
        <translation>{name} 采用个别计价，成本须按批次核算，其商品须按批次或序列号管理。请照此选择，或改用其他计价方法；未作任何更改。</translation>
    </message>
    <message>
        <source>{product} was revalued on {day}; goods that leave before it cannot be entered any more, since the revaluation counted them. Use that day or a later one; nothing was changed.</source>
        <translation>{product} 已于 {day} 重估；重估已计入当时的存货，因此不能再录入早于该日的发出。请使用该日或更晚的日期；未做任何更改。</translation>
    </message>
    <message>
        <source>{product} on hand is worth {value}; taking {amount} off would leave less than nothing. Correct the amount; nothing was posted.</source>
        <translation>{product} 的现存价值为 {value}；减去 {amount} 后将低于零。请更正金额；未过账任何内容。</translation>
    </message>
    <message>
        <source>{product} needs either a new unit cost or an amount up or down, not both and not neither. Nothing was posted.</source>
        <translation>{product} 需要填写新的单位成本，或增减金额，二者必填其一且只能填其一。未过账任何内容。</translation>
    </message>
    <message>
        <source>The standard cost {unit_cost} of {product} must be above zero. Correct it; nothing was changed.</source>
        <translation>{product} 的标准成本 {unit_cost} 必须大于零。请更正；未做任何更改。</translation>
    </message>
    <message>
        <source>{product} is costed at standard, so its stock is worth what its standard says. Set a new standard cost instead; nothing was posted.</source>
        <translation>{product} 按标准成本计价，其库存价值由标准成本决定。请改为设定新的标准成本；未过账任何内容。</translation>
    </message>
    <message>
        <source>The stock of {product} is costed for the whole company together. Leave warehouse and lot empty; nothing was posted.</source>
        <translation>{product} 的库存在全公司统一计价。请不要填写仓库和批次；未过账任何内容。</translation>
    </message>
    <message>
        <source>The stock of {product} is costed apart. Name the {field}, and nothing else, for each part; nothing was posted.</source>
        <translation>{product} 的库存分开计价。请为每一部分指定{field}，且只指定这一项；未过账任何内容。</translation>
    </message>
    <message>
        <source>{asked} of {product} are to go back, but only {open} of {receipt} have not gone back yet. Correct the quantity; nothing was changed.</source>
        <translation>{product} 要退 {asked}，而 {receipt} 只有 {open} 尚未退回。请更正数量；未作任何更改。</translation>
    </message>
    <message>
        <source>Only {free} of {product} are free in {place}, {asked} are to go back. Send back fewer, name another bin, or release what is allocated; nothing was changed.</source>
        <translation>{place} 中 {product} 只有 {free} 可用，要退 {asked}。请减少退货数量、改选货位或释放已分配的数量；未作任何更改。</translation>
    </message>
    <message>
        <source>{receipt} came on {received_on}; goods cannot go back before. Correct the date; nothing was changed.</source>
        <translation>{receipt} 的收货日期为 {received_on}，退货不能早于该日期。请更正日期；未作任何更改。</translation>
    </message>
    <message>
        <source>{product} is not kept in stock, so nothing of it can go back. Leave its line empty; nothing was changed.</source>
        <translation>{product} 不是库存商品，无法退货。请将该行留空；未作任何更改。</translation>
    </message>
    <message>
        <source>{product} needs its net realisable value either per unit or in total, not both and not neither. Nothing was posted.</source>
        <translation>{product} 需要填写每单位或合计的可变现净值，二者必填其一且只能填其一。未过账任何内容。</translation>
    </message>
    <message>
        <source>{product} was last written down or up on {day}; its allowance cannot be changed before that. Use {day} or a later day; nothing was posted.</source>
        <translation>{product} 最近一次计提或转回跌价准备是在 {day}；不能在此之前变更其跌价准备。请使用 {day} 或更晚的日期；未过账任何内容。</translation>
    </message>
    <message>
        <source>The effect can be shown when the centre can be reached; you can post without it.</source>
        <translation>连上中心服务后才能显示影响；不看影响也可以过账。</translation>
    </message>
    <message>
        <source>The central service is older than this program and cannot show effects yet; you can post without it.</source>
        <translation>中心服务比本程序旧，还不能显示影响；不看影响也可以过账。</translation>
    </message>
    <message>
        <source>The goods are in this warehouse already. Choose another one to send them to, or move them from bin to bin; nothing was changed.</source>
        <translation>货已经在这个仓库里了。请选择要发往的另一个仓库，或在货位之间移动；没有任何改动。</translation>
    </message>
    <message>
        <source>{asked} of {product} arrived, but only {open} of {transfer} are in transit. Count again; nothing was changed.</source>
        <translation>到了 {asked} 件 {product}，但 {transfer} 在途的只有 {open} 件。请重新清点；没有任何改动。</translation>
    </message>
    <message>
        <source>{transfer} left on {dispatched_on}, so this cannot have been before. Correct the date; nothing was changed.</source>
        <translation>{transfer} 于 {dispatched_on} 发出，此事不可能在那之前。请更正日期；没有任何改动。</translation>
    </message>
    <message>
        <source>The goods leave on {dispatched_on}, so they cannot be expected before. Correct the date; nothing was changed.</source>
        <translation>货于 {dispatched_on} 发出，不可能在那之前到达。请更正日期；没有任何改动。</translation>
    </message>
    <message>
        <source>Say why the goods did not arrive; whoever reads the books asks. Enter a reason; nothing was changed.</source>
        <translation>请说明货为什么没有到；看账的人会问。请填写原因；没有任何改动。</translation>
    </message>
    <message>
        <source>Goods in transit are in no warehouse: only a goods transfer brings them there and takes them in. Choose a warehouse; nothing was changed.</source>
        <translation>在途的货不在任何仓库里：只有调拨单能把货发到在途、再收进来。请选择一个仓库；没有任何改动。</translation>
    </message>
    <message>
        <source>Only {free} of {product} are free in {bin}, {asked} are to be scrapped. Scrap fewer, name another bin, or release what is allocated; nothing was changed.</source>
        <translation>{bin} 中只有 {free} 的 {product} 可用，要报废 {asked}。请少报废一些，换一个货位，或先释放已分配的数量；未作任何更改。</translation>
    </message>
    <message>
        <source>{currency} is no currency code. Use three letters of ISO 4217, such as USD or EUR; nothing was changed.</source>
        <translation>{currency} 不是币种代码。请使用 ISO 4217 的三个字母，如 USD 或 EUR；没有任何更改。</translation>
    </message>
    <message>
        <source>{currency} is the company&apos;s own currency and is always worth 1. Choose another currency; nothing was changed.</source>
        <translation>{currency} 是公司的本位币，汇率始终为 1。请选择其他币种；没有任何更改。</translation>
    </message>
    <message>
        <source>An exchange rate cannot be {rate}. Type a number above zero; nothing was changed.</source>
        <translation>汇率不能是 {rate}。请输入大于零的数；没有任何更改。</translation>
    </message>
    <message>
        <source>There is no exchange rate of {currency} for {day}. Type the rate here, or enter it under Ledger, Exchange rates; nothing was posted.</source>
        <translation>{day} 没有 {currency} 的汇率。请在此输入汇率，或在“总账”的“汇率”中录入；没有过账。</translation>
    </message>
    <message>
        <source>{shipment} was delivered on {day} already. Nothing was changed.</source>
        <translation>{shipment} 已于 {day} 送达。未做任何更改。</translation>
    </message>
    <message>
        <source>{shipment} left on {shipped_on}; it cannot have arrived before. Correct the date; nothing was changed.</source>
        <translation>{shipment} 于 {shipped_on} 发出，不可能在此之前送达。请更正日期；未做任何更改。</translation>
    </message>
    <message>
        <source>All of {shipment} came back before it was delivered, so nothing of it can be. Nothing was changed.</source>
        <translation>{shipment} 的货物在送达前已全部退回，因此无法确认送达。未做任何更改。</translation>
    </message>
    <message>
        <source>{product} is not counted by {unit}. Choose one of its units, or add this one on the product&apos;s page; nothing was changed.</source>
        <translation>{product} 没有单位 {unit}。请选择它已有的单位，或先在商品页面添加该单位；没有任何更改。</translation>
    </message>
    <message>
        <source>{qty} {unit} of {product} are no exact quantity in {stock_unit}. What fits nearest: {fits}; nothing was changed.</source>
        <translation>{product} 的 {qty} {unit} 折算成 {stock_unit} 不是准确的数量。最接近的可用数量：{fits}；没有任何更改。</translation>
    </message>
    <message>
        <source>The company&apos;s chart of accounts has no account for {purpose}, so nothing was posted. Ask whoever looks after the program to add one.</source>
        <translation>公司的科目表中没有用于 {purpose} 的科目，因此未过账。请联系系统维护人员添加该科目。</translation>
    </message>
    <message>
        <source>{counted} of {product} counted, {open} open on {order}. Count again, or raise the order first; nothing was changed.</source>
        <translation>清点到 {counted} 个 {product}，而 {order} 未收 {open} 个。请重新清点，或先增加订单数量；未作任何更改。</translation>
    </message>
    <message>
        <source>The key of the local data is in this computer&apos;s keyring, and the keyring does not answer. Unlock it, or sign in to the computer again, and start once more; nothing was lost.</source>
        <translation>本机数据的密钥保存在本机密钥环中，而密钥环没有响应。请解锁密钥环或重新登录本机，然后再次启动；没有丢失任何内容。</translation>
    </message>
    <message>
        <source>The key of the local data is in the file {file}, which cannot be read now. End other programs that use it, or ask for the right to read it, and start once more; nothing was lost.</source>
        <translation>本机数据的密钥保存在文件 {file} 中，而该文件目前无法读取。请结束正在使用该文件的其他程序，或申请读取权限，然后再次启动；没有丢失任何内容。</translation>
    </message>
    <message>
        <source>These data were made by a newer version of the program (tables {revision}). Install that version to open them; nothing was changed.</source>
        <translation>这些数据由更新版本的程序生成（表版本 {revision}）。请安装该版本后再打开；未作任何更改。</translation>
    </message>
    <message>
        <source>The data could not be checked, because the central service did not answer. Nothing was changed; try again when it is back.</source>
        <translation>中心服务没有响应，无法核对数据。没有任何更改；请在其恢复后重试。</translation>
    </message>
    <message>
        <source>This is asked of the central service, which does not answer now. Nothing was changed; try again when it is back.</source>
        <translation>这要向中心服务询问，而它现在没有应答。未做任何更改；待它恢复后再试。</translation>
    </message>
    <message>
        <source>Only an administrator may do this. Nothing was changed; ask one of them to do it.</source>
        <translation>只有管理员可以这样做。未做任何更改；请让管理员来做。</translation>
    </message>
    <message>
        <source>This is the computer that you work at. Take it out from another one, or sign it out. Nothing was changed.</source>
        <translation>这是您正在使用的电脑。请在另一台电脑上停用它，或将它退出登录。未做任何更改。</translation>
    </message>
    <message>
        <source>The central service does not know this yet or any more. Nothing was changed; once everything is sent, try again.</source>
        <translation>中心服务还不知道或不再知道它。未做任何更改；待全部发送后再试。</translation>
    </message>
    <message>
        <source>The backup cannot be written to {file} ({detail}). Choose another folder; nothing of it is left.</source>
        <translation>无法把备份写入 {file}（{detail}）。请选择另一个文件夹；没有留下任何残余。</translation>
    </message>
    <message>
        <source>{file} cannot be restored ({detail}). Nothing was changed.</source>
        <translation>无法恢复 {file}（{detail}）。未做任何更改。</translation>
    </message>
    <message>
        <source>This central service keeps several companies, and a backup holds all of them. Whoever runs the service makes it with erp-central backup. Nothing was changed.</source>
        <translation>此中心服务存有多家公司，备份会包含全部公司。请由运行该服务的人员用 erp-central backup 进行备份。未作任何更改。</translation>
    </message>
    <message>
        <source>This central service keeps several companies, and a backup holds all of them. Whoever runs the service restores it with erp-central restore. Nothing was changed.</source>
        <translation>此中心服务存有多家公司，备份会包含全部公司。请由运行该服务的人员用 erp-central restore 进行恢复。未作任何更改。</translation>
    </message>
    <message>
        <source>The central service could not write the backup; its log says why. Nothing was changed.</source>
        <translation>中心服务未能写出备份；原因见其日志。未做任何更改。</translation>
    </message>
    <message>
        <source>This is not your password. Nothing was changed; type it again.</source>
        <translation>这不是您的密码。未作任何更改；请重新输入。</translation>
    </message>
    <message>
        <source>This backup cannot be restored. Nothing was changed.</source>
        <translation>这份备份无法恢复。未做任何更改。</translation>
    </message>
    <message>
        <source>This file is not a backup of ERP Desktop. Nothing was changed.</source>
        <translation>这个文件不是 ERP Desktop 的备份。未做任何更改。</translation>
    </message>
    <message>
        <source>This backup ends too early: it was not written or copied to its end. Nothing was changed.</source>
        <translation>这份备份不完整：没有写完或没有复制完。未做任何更改。</translation>
    </message>
    <message>
        <source>This backup is damaged: it is not what was written. Nothing was changed; take another one.</source>
        <translation>这份备份已损坏：内容与写入时不同。未做任何更改；请使用另一份。</translation>
    </message>
    <message>
        <source>This backup was written by another version of the program. Install that one first; nothing was changed.</source>
        <translation>此备份由另一版本的程序写成。请先安装那个版本；未作任何更改。</translation>
    </message>
    <message>
        <source>There is a company in this database already. Restore onto a new one; nothing was changed.</source>
        <translation>这个数据库中已有公司。请恢复到新的数据库；未做任何更改。</translation>
    </message>
    <message>
        <source>This backup is not of the company that is kept here. Nothing was changed; it can be restored onto a new database.</source>
        <translation>此备份不属于此处保存的公司。未作任何更改；可将其恢复到新的数据库。</translation>
    </message>
    <message>
        <source>The log of changes in this backup was altered before the backup was made. Nothing was changed; take an older one.</source>
        <translation>此备份中的更改日志在备份之前已被改动。未作任何更改；请使用更早的备份。</translation>
    </message>
    <message>
        <source>You were no administrator when this backup was made, so it would lock you out. Nothing was changed; ask somebody who was one to restore it.</source>
        <translation>制作此备份时您还不是管理员，恢复后您将无法管理。未作任何更改；请由当时的管理员来恢复。</translation>
    </message>
    <message>
        <source>A backup is being restored already. Nothing else was begun; look again when that one is done.</source>
        <translation>已有备份正在恢复。未开始其他操作；请等它完成后再看。</translation>
    </message>
    <message>
        <source>The central service has no room on its disk for this backup. Nothing was changed; make room there first.</source>
        <translation>中心服务的磁盘空间不足，放不下此备份。未作任何更改；请先在那里腾出空间。</translation>
    </message>
    <message>
        <source>The central service could not restore the backup; its log says why. Nothing was changed.</source>
        <translation>中心服务无法恢复此备份，原因见其日志。未作任何更改。</translation>
    </message>
    <message>
        <source>Your password would go to {host} without encryption, so it was not sent. Ask an administrator for an address that begins with https://.</source>
        <translation>您的密码将不经加密发送到 {host}，因此没有发送。请向管理员索取以 https:// 开头的地址。</translation>
    </message>
    <message>
        <source>Files cannot be attached to this. Attach the file to its document; nothing was changed.</source>
        <translation>这里不能添加附件。请把文件添加到相应的单据上；没有任何更改。</translation>
    </message>
    <message>
        <source>A file cannot be called {file} here. Give it a name of 1 to 200 characters without / \ : * ? &quot; &lt; &gt; |, and attach it again; nothing was changed.</source>
        <translation>这里的文件不能命名为 {file}。请使用 1 至 200 个字符、不含 / \ : * ? &quot; &lt; &gt; | 的名称，然后重新添加；没有任何更改。</translation>
    </message>
    <message>
        <source>{file} has {megabytes} MB; a file that is attached has {limit} MB at most. Make it smaller, or keep it elsewhere and attach a note of where; nothing was attached.</source>
        <translation>{file} 有 {megabytes} MB；附件最大为 {limit} MB。请缩小文件，或把它存放在别处并附上说明；没有添加任何附件。</translation>
    </message>
    <message>
        <source>{file} is empty. Choose a file with something in it; nothing was attached.</source>
        <translation>{file} 是空文件。请选择有内容的文件；没有添加任何附件。</translation>
    </message>
    <message>
        <source>This is work of the warehouse {other}, and you work in {own}. Choose your own warehouse, or ask somebody who works there; nothing was changed.</source>
        <translation>这是仓库{other}的工作，而您在{own}工作。请选择您自己的仓库，或请在那里工作的人来做；没有任何更改。</translation>
    </message>
    <message>
        <source>Computers cannot hold documents of {months} months. Enter 1 to {most} months, or 0 for all of them; nothing was changed.</source>
        <translation>电脑不能保存 {months} 个月的单据。请输入 1 到 {most} 个月，或输入 0 表示全部；没有任何改动。</translation>
    </message>
    <message>
        <source>Older documents are at the central service, which does not answer now. Look again when it is back; nothing was changed.</source>
        <translation>较早的单据在中心服务上，而中心服务现在没有应答。等它恢复后请再查找；没有任何改动。</translation>
    </message>
    <message>
        <source>The central service cannot hand out older documents of this kind to you. Ask an administrator; nothing was changed.</source>
        <translation>中心服务不能把这类较早的单据提供给您。请联系管理员；没有任何改动。</translation>
    </message>
    <message>
        <source>{file} cannot be read ({detail}), so nothing was attached.</source>
        <translation>无法读取 {file}（{detail}），因此没有添加任何附件。</translation>
    </message>
    <message>
        <source>{file} cannot be written ({detail}). Choose another folder; the attachment is kept as it is.</source>
        <translation>无法写入 {file}（{detail}）。请选择其他文件夹；附件保持不变。</translation>
    </message>
    <message>
        <source>{file} is at the central service, which cannot be reached now. Open it when this computer is online again; what was fetched of it is kept.</source>
        <translation>{file} 在中心服务上，目前无法连接。请在本机重新联机后打开；已取回的部分会保留。</translation>
    </message>
    <message>
        <source>{file} has not come to the central service yet: the computer on which it was attached sends it when it is online. Try again later; nothing was lost.</source>
        <translation>{file} 尚未到达中心服务：添加它的电脑联机后会发送。请稍后再试；没有任何丢失。</translation>
    </message>
    <message>
        <source>{file} was removed meanwhile, or is not for your role any more. Nothing was changed.</source>
        <translation>{file} 已被移除，或您的角色不再能查看它。没有任何更改。</translation>
    </message>
    <message>
        <source>What is on this computer of {file} is not what was attached, so nothing of it is shown. Open it again to fetch it anew; where it was attached on this computer and never sent, attach it once more.</source>
        <translation>本机上的 {file} 与当时添加的内容不一致，因此不予显示。请再次打开以重新取回；如果它是在本机添加且从未发送，请重新添加。</translation>
    </message>
    <message>
        <source>This was sent again from a copy of this computer&apos;s data too, so it was not carried out a second time. Look at what came of that, then drop this or send it again; what you typed is kept.</source>
        <translation>这一项在本机数据的另一份副本上也已重新发送，因此没有再执行一次。请先查看那边的结果，再放弃这一项或重新发送；您填写的内容已保留。</translation>
    </message>
    <message>
        <source>The central service was told to restore the backup and has not answered since. It restores wholly or not at all; the books of before are kept in {file}. Look here again once it answers.</source>
        <translation>已通知中心服务恢复备份，此后它没有回应。恢复要么全部完成，要么完全不做；之前的账簿保存在 {file} 中。待它回应后请再来查看。</translation>
    </message>
    <message>
        <source>The central service cannot take this as it is: {why}. Change it and send it again, or drop it; what you typed is kept.</source>
        <translation>中心服务不能接受此项：{why}。请修改后再次发送，或放弃它；您输入的内容已保留。</translation>
    </message>
</context>
<context>
    <name>Refusal word</name>
    <message>
        <source>a draft</source>
        <translation>草稿</translation>
    </message>
    <message>
        <source>confirmed</source>
        <translation>已确认</translation>
    </message>
    <message>
        <source>allocated</source>
        <translation>已分配</translation>
    </message>
    <message>
        <source>partly received</source>
        <translation>部分收货</translation>
    </message>
    <message>
        <source>partly shipped</source>
        <translation>部分发货</translation>
    </message>
    <message>
        <source>received</source>
        <translation>已收货</translation>
    </message>
    <message>
        <source>shipped</source>
        <translation>已发货</translation>
    </message>
    <message>
        <source>posted</source>
        <translation>已过账</translation>
    </message>
    <message>
        <source>open</source>
        <translation>未结</translation>
    </message>
    <message>
        <source>dispatched</source>
        <translation>在途</translation>
    </message>
    <message>
        <source>closed</source>
        <translation>已关闭</translation>
    </message>
    <message>
        <source>closed short</source>
        <translation>短收关闭</translation>
    </message>
    <message>
        <source>cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>reversed</source>
        <translation>已冲销</translation>
    </message>
    <message>
        <source>account</source>
        <translation>科目</translation>
    </message>
    <message>
        <source>user</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>attachment</source>
        <translation>附件</translation>
    </message>
    <message>
        <source>barcode</source>
        <translation>条码</translation>
    </message>
    <message>
        <source>bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>budget version</source>
        <translation>预算版本</translation>
    </message>
    <message>
        <source>category</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>channel</source>
        <translation>渠道</translation>
    </message>
    <message>
        <source>company</source>
        <translation>公司</translation>
    </message>
    <message>
        <source>cost book</source>
        <translation>成本账簿</translation>
    </message>
    <message>
        <source>cost centre</source>
        <translation>成本中心</translation>
    </message>
    <message>
        <source>rule of costs to serve</source>
        <translation>服务成本分摊规则</translation>
    </message>
    <message>
        <source>sharing of costs to serve</source>
        <translation>服务成本分摊</translation>
    </message>
    <message>
        <source>customer return</source>
        <translation>销售退货</translation>
    </message>
    <message>
        <source>exchange rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>employee</source>
        <translation>员工</translation>
    </message>
    <message>
        <source>goods receipt</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>goods transfer</source>
        <translation>调拨单</translation>
    </message>
    <message>
        <source>line of the goods transfer</source>
        <translation>调拨单的明细行</translation>
    </message>
    <message>
        <source>line of the goods receipt</source>
        <translation>收货单行</translation>
    </message>
    <message>
        <source>journal entry</source>
        <translation>记账凭证</translation>
    </message>
    <message>
        <source>landed cost</source>
        <translation>到岸成本</translation>
    </message>
    <message>
        <source>customer or supplier</source>
        <translation>往来单位</translation>
    </message>
    <message>
        <source>period</source>
        <translation>会计期间</translation>
    </message>
    <message>
        <source>price</source>
        <translation>价格</translation>
    </message>
    <message>
        <source>price correction</source>
        <translation>价格更正</translation>
    </message>
    <message>
        <source>price level</source>
        <translation>价格等级</translation>
    </message>
    <message>
        <source>product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>unit of the product</source>
        <translation>商品计量单位</translation>
    </message>
    <message>
        <source>purchase order</source>
        <translation>采购订单</translation>
    </message>
    <message>
        <source>line of the purchase order</source>
        <translation>采购订单行</translation>
    </message>
    <message>
        <source>account of this purpose</source>
        <translation>此用途的科目</translation>
    </message>
    <message>
        <source>role</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>sales invoice</source>
        <translation>销售发票</translation>
    </message>
    <message>
        <source>sales order</source>
        <translation>销售订单</translation>
    </message>
    <message>
        <source>line of the sales order</source>
        <translation>销售订单行</translation>
    </message>
    <message>
        <source>shipment</source>
        <translation>发货单</translation>
    </message>
    <message>
        <source>line of the shipment</source>
        <translation>发货单行</translation>
    </message>
    <message>
        <source>stock count</source>
        <translation>盘点单</translation>
    </message>
    <message>
        <source>stock move</source>
        <translation>库存流水</translation>
    </message>
    <message>
        <source>storage rate</source>
        <translation>仓储费率</translation>
    </message>
    <message>
        <source>purchase return</source>
        <translation>采购退货</translation>
    </message>
    <message>
        <source>unit</source>
        <translation>计量单位</translation>
    </message>
    <message>
        <source>warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>chart of accounts</source>
        <translation>会计科目表</translation>
    </message>
    <message>
        <source>code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>commission rate</source>
        <translation>佣金比例</translation>
    </message>
    <message>
        <source>costing method</source>
        <translation>计价方法</translation>
    </message>
    <message>
        <source>cost pool</source>
        <translation>成本池</translation>
    </message>
    <message>
        <source>currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>decimals of the currency</source>
        <translation>币种小数位数</translation>
    </message>
    <message>
        <source>number of units</source>
        <translation>单位数量</translation>
    </message>
    <message>
        <source>channel&apos;s number</source>
        <translation>渠道单号</translation>
    </message>
    <message>
        <source>quantity from which a price holds</source>
        <translation>价格的起始数量</translation>
    </message>
    <message>
        <source>list price</source>
        <translation>标价</translation>
    </message>
    <message>
        <source>sign-in name</source>
        <translation>登录名</translation>
    </message>
    <message>
        <source>lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>it is not filled in as it should be</source>
        <translation>填写不符合要求</translation>
    </message>
    <message>
        <source>it was entered in the name of somebody else</source>
        <translation>它是以他人的名义录入的</translation>
    </message>
    <message>
        <source>it is too large to be sent in one piece</source>
        <translation>内容过大，无法一次发送</translation>
    </message>
    <message>
        <source>announced</source>
        <translation>已通知</translation>
    </message>
    <message>
        <source>manager</source>
        <translation>上级</translation>
    </message>
    <message>
        <source>maximum</source>
        <translation>最高库存</translation>
    </message>
    <message>
        <source>minimum</source>
        <translation>最低库存</translation>
    </message>
    <message>
        <source>name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>number of stock units</source>
        <translation>库存单位数量</translation>
    </message>
    <message>
        <source>owner</source>
        <translation>所有者</translation>
    </message>
    <message>
        <source>record that this is part of</source>
        <translation>上级记录</translation>
    </message>
    <message>
        <source>days to pay</source>
        <translation>付款天数</translation>
    </message>
    <message>
        <source>reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>rate</source>
        <translation>费率</translation>
    </message>
    <message>
        <source>revenue posting</source>
        <translation>收入确认方式</translation>
    </message>
    <message>
        <source>share of each line</source>
        <translation>各行分摊额</translation>
    </message>
    <message>
        <source>text</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>time zone</source>
        <translation>时区</translation>
    </message>
    <message>
        <source>tracking by lot</source>
        <translation>批次管理方式</translation>
    </message>
    <message>
        <source>decimals of the unit cost</source>
        <translation>单位成本小数位</translation>
    </message>
    <message>
        <source>unit price</source>
        <translation>单价</translation>
    </message>
    <message>
        <source>volume</source>
        <translation>体积</translation>
    </message>
    <message>
        <source>weight</source>
        <translation>重量</translation>
    </message>
    <message>
        <source>year</source>
        <translation>年度</translation>
    </message>
    <message>
        <source>administer the company</source>
        <translation>管理公司</translation>
    </message>
    <message>
        <source>see budgets</source>
        <translation>查看预算</translation>
    </message>
    <message>
        <source>change budgets</source>
        <translation>修改预算</translation>
    </message>
    <message>
        <source>see costs</source>
        <translation>查看成本</translation>
    </message>
    <message>
        <source>change costs</source>
        <translation>修改成本</translation>
    </message>
    <message>
        <source>count stock</source>
        <translation>盘点</translation>
    </message>
    <message>
        <source>see stock</source>
        <translation>查看库存</translation>
    </message>
    <message>
        <source>receive goods</source>
        <translation>收货</translation>
    </message>
    <message>
        <source>scrap goods</source>
        <translation>报废货物</translation>
    </message>
    <message>
        <source>ship goods</source>
        <translation>发货</translation>
    </message>
    <message>
        <source>move stock</source>
        <translation>调拨</translation>
    </message>
    <message>
        <source>import files</source>
        <translation>导入文件</translation>
    </message>
    <message>
        <source>post journal entries</source>
        <translation>凭证过账</translation>
    </message>
    <message>
        <source>see the ledger</source>
        <translation>查看总账</translation>
    </message>
    <message>
        <source>see products and parties</source>
        <translation>查看商品和往来单位</translation>
    </message>
    <message>
        <source>change products and parties</source>
        <translation>修改商品和往来单位</translation>
    </message>
    <message>
        <source>see employees</source>
        <translation>查看员工</translation>
    </message>
    <message>
        <source>change employees</source>
        <translation>修改员工</translation>
    </message>
    <message>
        <source>see who did what</source>
        <translation>查看谁做了什么</translation>
    </message>
    <message>
        <source>close periods</source>
        <translation>结账</translation>
    </message>
    <message>
        <source>see purchasing</source>
        <translation>查看采购</translation>
    </message>
    <message>
        <source>return goods to suppliers</source>
        <translation>退货给供应商</translation>
    </message>
    <message>
        <source>purchase</source>
        <translation>采购</translation>
    </message>
    <message>
        <source>see sales</source>
        <translation>查看销售</translation>
    </message>
    <message>
        <source>take in returns</source>
        <translation>接收退货</translation>
    </message>
    <message>
        <source>sell</source>
        <translation>销售</translation>
    </message>
</context>
<context>
    <name>RefusedEntry</name>
    <message>
        <source>This could not be carried out and waits in Needs attention. What you send here takes its place.</source>
        <translation>这一项未能执行，正在“待处理”中等待。在此发送的内容将取代它。</translation>
    </message>
    <message>
        <source>Lines left out because they have no place here any more: {count}.</source>
        <translation>因在此已无对应内容而略去的行数：{count}。</translation>
    </message>
</context>
<context>
    <name>RelatedPanel</name>
    <message>
        <source>Related documents</source>
        <translation>相关单据</translation>
    </message>
    <message>
        <source>Your role may not open this.</source>
        <translation>您的角色无权打开。</translation>
    </message>
</context>
<context>
    <name>Remedy</name>
    <message>
        <source>Post with {day}</source>
        <translation>改用 {day} 过账</translation>
    </message>
    <message>
        <source>Post all {count} with {day}</source>
        <translation>全部 {count} 项改用 {day} 过账</translation>
    </message>
    <message>
        <source>Choose another date</source>
        <translation>选择其他日期</translation>
    </message>
    <message>
        <source>Ship {qty} of {asked}, back-order the other {rest}</source>
        <translation>先发 {asked} 中的 {qty}，其余 {rest} 缺货待发</translation>
    </message>
    <message>
        <source>Promise {qty} of {asked}, back-order the other {rest}</source>
        <translation>先分配 {asked} 中的 {qty}，其余 {rest} 缺货待发</translation>
    </message>
    <message>
        <source>Take in {qty} of {asked}</source>
        <translation>收入 {asked} 中的 {qty}</translation>
    </message>
    <message>
        <source>Send back {qty} of {asked}</source>
        <translation>退回 {asked} 中的 {qty}</translation>
    </message>
    <message>
        <source>Scrap {qty} of {asked}</source>
        <translation>报废 {asked} 中的 {qty}</translation>
    </message>
    <message>
        <source>Move {qty} of {asked}</source>
        <translation>移动 {asked} 中的 {qty}</translation>
    </message>
    <message>
        <source>Send {qty} of {asked}</source>
        <translation>调出 {asked} 中的 {qty}</translation>
    </message>
    <message>
        <source>Leave that line out</source>
        <translation>去掉这一行</translation>
    </message>
    <message>
        <source>Do as much as possible of all {count}</source>
        <translation>全部 {count} 项都尽量完成</translation>
    </message>
    <message>
        <source>Promise what is there, back-order the rest</source>
        <translation>分配现有的，其余缺货待发</translation>
    </message>
    <message>
        <source>Promise what is there for all {count}</source>
        <translation>全部 {count} 项都分配现有的</translation>
    </message>
    <message>
        <source>Back-order all of it, send nothing now</source>
        <translation>全部缺货待发，现在不发货</translation>
    </message>
    <message>
        <source>Back-order all {count}, send nothing now</source>
        <translation>全部 {count} 项缺货待发，现在不发货</translation>
    </message>
    <message>
        <source>Back-ordered</source>
        <translation>缺货待发</translation>
    </message>
    <message>
        <source>It is done already: put this away</source>
        <translation>已经有人做过：收起此项</translation>
    </message>
    <message>
        <source>They are done already: put all {count} away</source>
        <translation>已经有人做过：收起全部 {count} 项</translation>
    </message>
    <message>
        <source>Done already</source>
        <translation>已经有人做过</translation>
    </message>
    <message>
        <source>Enter it as a new order</source>
        <translation>作为新订单录入</translation>
    </message>
    <message>
        <source>Enter all {count} as new orders</source>
        <translation>全部 {count} 项作为新订单录入</translation>
    </message>
    <message>
        <source>The document was cancelled: put this away</source>
        <translation>单据已取消：收起此项</translation>
    </message>
    <message>
        <source>The documents were cancelled: put all {count} away</source>
        <translation>单据已取消：收起全部 {count} 项</translation>
    </message>
    <message>
        <source>The document was cancelled</source>
        <translation>单据已取消</translation>
    </message>
    <message>
        <source>Another desk entered this order already: put this away</source>
        <translation>此订单已由别处录入：收起此项</translation>
    </message>
    <message>
        <source>Other desks entered these orders already: put all {count} away</source>
        <translation>这些订单已由别处录入：收起全部 {count} 项</translation>
    </message>
    <message>
        <source>Entered already</source>
        <translation>已经录入</translation>
    </message>
    <message>
        <source>Save it with the code {code}</source>
        <translation>用编码 {code} 保存</translation>
    </message>
    <message>
        <source>Keep mine</source>
        <translation>保留我的</translation>
    </message>
    <message>
        <source>Keep mine in all {count}</source>
        <translation>全部 {count} 项保留我的</translation>
    </message>
    <message>
        <source>Keep theirs</source>
        <translation>保留对方的</translation>
    </message>
    <message>
        <source>Keep theirs in all {count}</source>
        <translation>全部 {count} 项保留对方的</translation>
    </message>
    <message>
        <source>Theirs was kept</source>
        <translation>保留了对方的</translation>
    </message>
    <message>
        <source>Choose another customer</source>
        <translation>选择其他客户</translation>
    </message>
    <message>
        <source>Choose another supplier</source>
        <translation>选择其他供应商</translation>
    </message>
    <message>
        <source>Choose another carrier</source>
        <translation>选择其他承运商</translation>
    </message>
    <message>
        <source>Choose another product</source>
        <translation>选择其他商品</translation>
    </message>
    <message>
        <source>Choose another warehouse</source>
        <translation>选择其他仓库</translation>
    </message>
    <message>
        <source>Choose another channel</source>
        <translation>选择其他渠道</translation>
    </message>
    <message>
        <source>Choose another bin</source>
        <translation>选择其他库位</translation>
    </message>
    <message>
        <source>Send it without a carrier</source>
        <translation>不指定承运商发货</translation>
    </message>
    <message>
        <source>All {count}: {words}</source>
        <translation>全部 {count} 项：{words}</translation>
    </message>
</context>
<context>
    <name>Report</name>
    <message>
        <source>About</source>
        <translation>关于</translation>
    </message>
    <message>
        <source>Figures include everything up to change {tick}.</source>
        <translation>数据包含截至第 {tick} 次更改的全部内容。</translation>
    </message>
    <message>
        <source>an Excel sheet ends at row 1,048,576</source>
        <translation>Excel 工作表最多 1,048,576 行</translation>
    </message>
    <message>
        <source>Page {page} of {pages}</source>
        <translation>第 {page} 页，共 {pages} 页</translation>
    </message>
    <message>
        <source>Does not agree: {checks}</source>
        <translation>不一致：{checks}</translation>
    </message>
    <message>
        <source>Company</source>
        <translation>公司</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>As of</source>
        <translation>截至</translation>
    </message>
    <message>
        <source>Up to change</source>
        <translation>截至变更</translation>
    </message>
    <message>
        <source>{sheet} {cell}: {figure} has more digits than Excel keeps, so it is text.</source>
        <translation>{sheet} {cell}：{figure} 的位数超出 Excel 能保存的范围，因此写为文本。</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>核对</translation>
    </message>
    <message>
        <source>Expected</source>
        <translation>应为</translation>
    </message>
    <message>
        <source>Found</source>
        <translation>实为</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Agrees</source>
        <translation>一致</translation>
    </message>
    <message>
        <source>Does not agree</source>
        <translation>不一致</translation>
    </message>
    <message>
        <source>There is no cost book here. Perhaps your role may not see costs.</source>
        <translation>这里没有成本账簿。您的角色可能无权查看成本。</translation>
    </message>
    <message>
        <source>There is no account {code}.</source>
        <translation>没有科目 {code}。</translation>
    </message>
    <message>
        <source>Dates</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>From</source>
        <translation>从</translation>
    </message>
    <message>
        <source>Up to</source>
        <translation>截至</translation>
    </message>
    <message>
        <source>all</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Receipt</source>
        <translation>收货</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Age in days</source>
        <translation>库龄（天）</translation>
    </message>
    <message>
        <source>Quantity in</source>
        <translation>入库数量</translation>
    </message>
    <message>
        <source>Quantity left</source>
        <translation>结存数量</translation>
    </message>
    <message>
        <source>Value left</source>
        <translation>结存金额</translation>
    </message>
    <message>
        <source>All at one cost</source>
        <translation>统一成本</translation>
    </message>
    <message>
        <source>Sold before it came</source>
        <translation>先出后进</translation>
    </message>
    <message>
        <source>Value of the layers equals the value of their cost pools</source>
        <translation>成本层金额等于所属成本池的金额</translation>
    </message>
    <message>
        <source>Averages and standard costs keep no layers: a product&apos;s stock in a pool is all at one cost.</source>
        <translation>平均成本和标准成本不保留成本层：一个成本池内同一商品的库存成本相同。</translation>
    </message>
    <message>
        <source>A negative quantity is stock that was sold before it came; its cost is an estimate until it does.</source>
        <translation>负数量表示先出后进的库存，其成本在到货前为暂估。</translation>
    </message>
    <message>
        <source>Age on</source>
        <translation>库龄截至</translation>
    </message>
    <message>
        <source>Cost layers</source>
        <translation>成本层</translation>
    </message>
    <message>
        <source>Voucher</source>
        <translation>凭证号</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>Document</source>
        <translation>单据</translation>
    </message>
    <message>
        <source>Debit</source>
        <translation>借方</translation>
    </message>
    <message>
        <source>Credit</source>
        <translation>贷方</translation>
    </message>
    <message>
        <source>Balance</source>
        <translation>余额</translation>
    </message>
    <message>
        <source>Goods receipt</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>Landed cost</source>
        <translation>到岸成本</translation>
    </message>
    <message>
        <source>Price correction</source>
        <translation>价格更正</translation>
    </message>
    <message>
        <source>Shipment</source>
        <translation>发货</translation>
    </message>
    <message>
        <source>Sales invoice</source>
        <translation>销售发票</translation>
    </message>
    <message>
        <source>Customer return</source>
        <translation>销售退货</translation>
    </message>
    <message>
        <source>Return to supplier</source>
        <translation>采购退货</translation>
    </message>
    <message>
        <source>Loss in transit</source>
        <translation>在途损失</translation>
    </message>
    <message>
        <source>Scrapped goods</source>
        <translation>货物报废</translation>
    </message>
    <message>
        <source>Stock count</source>
        <translation>盘点单</translation>
    </message>
    <message>
        <source>Stock revaluation</source>
        <translation>库存重估</translation>
    </message>
    <message>
        <source>Standard cost change</source>
        <translation>标准成本变动</translation>
    </message>
    <message>
        <source>Write-down of stock</source>
        <translation>存货跌价</translation>
    </message>
    <message>
        <source>Opening stock</source>
        <translation>期初库存</translation>
    </message>
    <message>
        <source>Journal entry</source>
        <translation>记账凭证</translation>
    </message>
    <message>
        <source>Cost adjustment</source>
        <translation>成本调整</translation>
    </message>
    <message>
        <source>Revenue</source>
        <translation>收入</translation>
    </message>
    <message>
        <source>Opening balance</source>
        <translation>期初余额</translation>
    </message>
    <message>
        <source>Balance after the last line equals the kept balances of the ledger</source>
        <translation>最后一行之后的余额等于总账余额</translation>
    </message>
    <message>
        <source>A balance on the credit side is negative.</source>
        <translation>贷方余额以负数表示。</translation>
    </message>
    <message>
        <source>Account</source>
        <translation>科目</translation>
    </message>
    <message>
        <source>All accounts</source>
        <translation>全部科目</translation>
    </message>
    <message>
        <source>General ledger</source>
        <translation>总账</translation>
    </message>
    <message>
        <source>To</source>
        <translation>到</translation>
    </message>
    <message>
        <source>Quantity sold</source>
        <translation>销售数量</translation>
    </message>
    <message>
        <source>Cost of issues</source>
        <translation>发出成本</translation>
    </message>
    <message>
        <source>Cost of returns</source>
        <translation>退回成本</translation>
    </message>
    <message>
        <source>True-ups</source>
        <translation>差额调整</translation>
    </message>
    <message>
        <source>Corrections</source>
        <translation>更正</translation>
    </message>
    <message>
        <source>Cost of sales</source>
        <translation>销售成本</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Cost of sales equals what documents posted to its accounts</source>
        <translation>销售成本等于各单据过入其科目的金额</translation>
    </message>
    <message>
        <source>The ledger is not held here, so the figures were not compared with it.</source>
        <translation>本机没有总账数据，因此未与总账核对。</translation>
    </message>
    <message>
        <source>True-ups settle oversold stock and the averages of a month. Corrections are landed costs, prices and back-dated moves that came after the goods were issued.</source>
        <translation>差额调整用于结清先出后进的库存和月末平均价。更正是货物发出之后才到的到岸成本、价格差异和补记的库存流水。</translation>
    </message>
    <message>
        <source>Grouped by</source>
        <translation>分组方式</translation>
    </message>
    <message>
        <source>Channel</source>
        <translation>渠道</translation>
    </message>
    <message>
        <source>Customer</source>
        <translation>客户</translation>
    </message>
    <message>
        <source>Each period apart</source>
        <translation>按期间分列</translation>
    </message>
    <message>
        <source>Period</source>
        <translation>会计期间</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Allowance</source>
        <translation>跌价准备</translation>
    </message>
    <message>
        <source>Carrying value</source>
        <translation>账面价值</translation>
    </message>
    <message>
        <source>Only what had been entered by the end of the day named is counted; what came later is left out.</source>
        <translation>只计入所选日期结束前已录入的内容，之后录入的不计。</translation>
    </message>
    <message>
        <source>Carrying value is value less the allowance that write-downs to net realisable value left (IAS 2.28-33).</source>
        <translation>账面价值是成本减去按可变现净值计提的跌价准备（IAS 2.28-33）。</translation>
    </message>
    <message>
        <source>Allowances equal their account in the ledger</source>
        <translation>跌价准备等于总账中的对应科目</translation>
    </message>
    <message>
        <source>Only products that are costed per warehouse are shown: the others have one cost over all warehouses. The ledger was not compared.</source>
        <translation>只显示按仓库核算成本的商品；其他商品在所有仓库合并核算。未与总账核对。</translation>
    </message>
    <message>
        <source>As known on</source>
        <translation>按当时已知（日期）</translation>
    </message>
    <message>
        <source>Unit cost</source>
        <translation>单位成本</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>价值</translation>
    </message>
    <message>
        <source>Value of stock equals the inventory accounts of the ledger</source>
        <translation>库存价值等于总账存货科目</translation>
    </message>
    <message>
        <source>This cost book does not post, so the ledger holds no figure to compare.</source>
        <translation>此成本账簿不过账，因此总账没有可比较的数字。</translation>
    </message>
    <message>
        <source>The ledger is not held here, so the value was not compared with it.</source>
        <translation>这里没有总账数据，因此未与总账核对。</translation>
    </message>
    <message>
        <source>Unit cost is value by quantity, rounded for display. The value is exact.</source>
        <translation>单位成本为价值除以数量，显示时四舍五入；价值是精确的。</translation>
    </message>
    <message>
        <source>Category</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>Cost book</source>
        <translation>成本账簿</translation>
    </message>
    <message>
        <source>Supplier</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>Not named</source>
        <translation>未指明</translation>
    </message>
    <message>
        <source>This cost book is closed: what moved, and what was valued, since it was closed is not in its figures.</source>
        <translation>此成本账簿已关闭：关闭之后的库存流水和价值变动不计入其数字。</translation>
    </message>
    <message>
        <source>A record that this report was asked with is not here.</source>
        <translation>报表所指定的记录在本机不存在。</translation>
    </message>
    <message>
        <source>Inventory valuation</source>
        <translation>存货计价</translation>
    </message>
    <message>
        <source>Show products without stock</source>
        <translation>显示无库存的商品</translation>
    </message>
    <message>
        <source>Total</source>
        <translation>合计</translation>
    </message>
    <message>
        <source>Total {group}</source>
        <translation>{group} 小计</translation>
    </message>
    <message>
        <source>{file} was not written: the disk is full.</source>
        <translation>未写入 {file}：磁盘已满。</translation>
    </message>
    <message>
        <source>{file} was not written: it is open in another program, or you may not write there.</source>
        <translation>未写入 {file}：文件正被其他程序打开，或您无权写入。</translation>
    </message>
    <message>
        <source>{file} was not written: the name is too long.</source>
        <translation>未写入 {file}：文件名过长。</translation>
    </message>
    <message>
        <source>{file} was not written: the folder {folder} does not exist.</source>
        <translation>未写入 {file}：文件夹 {folder} 不存在。</translation>
    </message>
    <message>
        <source>{file} was not written: {reason}.</source>
        <translation>未写入 {file}：{reason}。</translation>
    </message>
    <message>
        <source>Printed by {person} on {time}.</source>
        <translation>{person} 于 {time} 打印。</translation>
    </message>
    <message>
        <source>Carried forward</source>
        <translation>转下页</translation>
    </message>
    <message>
        <source>Brought forward</source>
        <translation>承前页</translation>
    </message>
    <message>
        <source>Nothing to show.</source>
        <translation>没有可显示的内容。</translation>
    </message>
    <message>
        <source>The report {report} knows no {parameter}.</source>
        <translation>报表 {report} 没有参数 {parameter}。</translation>
    </message>
    <message>
        <source>The report {report} needs {parameter}.</source>
        <translation>报表 {report} 需要参数 {parameter}。</translation>
    </message>
    <message>
        <source>{day} is no day that a report can be of. Correct the date.</source>
        <translation>{day} 不是报表可用的日期。请更正日期。</translation>
    </message>
    <message>
        <source>Agrees: {check}</source>
        <translation>一致：{check}</translation>
    </message>
    <message>
        <source>Does not agree: {check}. Expected {expected}, found {found}.</source>
        <translation>不一致：{check}。应为 {expected}，实为 {found}。</translation>
    </message>
    <message>
        <source>Line</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
    <message>
        <source>Last year</source>
        <translation>上年</translation>
    </message>
    <message>
        <source>Profit equals all income less all expenses of the ledger</source>
        <translation>利润等于总账的全部收入减全部费用</translation>
    </message>
    <message>
        <source>Assets equal liabilities and equity</source>
        <translation>资产等于负债与所有者权益之和</translation>
    </message>
    <message>
        <source>Account {code} has postings, but the layout {layout} has no row for it. Add it to a row of the {statement}.</source>
        <translation>科目 {code} 有发生额，但报表格式 {layout} 中没有对应的行。请将其加入{statement}的某一行。</translation>
    </message>
    <message>
        <source>There is no statement layout for the chart {chart}.</source>
        <translation>科目表 {chart} 没有对应的报表格式。</translation>
    </message>
    <message>
        <source>Compare with last year</source>
        <translation>与上年比较</translation>
    </message>
    <message>
        <source>Income statement</source>
        <translation>利润表</translation>
    </message>
    <message>
        <source>Balance sheet</source>
        <translation>资产负债表</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>发生了什么</translation>
    </message>
    <message>
        <source>Cost</source>
        <translation>成本</translation>
    </message>
    <message>
        <source>On hand after</source>
        <translation>结存数量</translation>
    </message>
    <message>
        <source>Value after</source>
        <translation>结存价值</translation>
    </message>
    <message>
        <source>Corrects</source>
        <translation>更正对象</translation>
    </message>
    <message>
        <source>A correction stands on the day of what it corrects, under the document that caused it; what was posted before stays.</source>
        <translation>更正列在被更正业务的日期下，并标明引起更正的单据；原已过账的内容保持不变。</translation>
    </message>
    <message>
        <source>Count gain</source>
        <translation>盘盈</translation>
    </message>
    <message>
        <source>Count loss</source>
        <translation>盘亏</translation>
    </message>
    <message>
        <source>Scrap</source>
        <translation>报废</translation>
    </message>
    <message>
        <source>Transfer</source>
        <translation>调拨</translation>
    </message>
    <message>
        <source>Revaluation</source>
        <translation>重估</translation>
    </message>
    <message>
        <source>New standard cost</source>
        <translation>新标准成本</translation>
    </message>
    <message>
        <source>Change of method</source>
        <translation>计价方法变更</translation>
    </message>
    <message>
        <source>True-up of oversold stock</source>
        <translation>先出后进差额调整</translation>
    </message>
    <message>
        <source>Settled at the period&apos;s end</source>
        <translation>期末结算</translation>
    </message>
    <message>
        <source>Period&apos;s end</source>
        <translation>期末</translation>
    </message>
    <message>
        <source>Back-dated correction</source>
        <translation>补记更正</translation>
    </message>
    <message>
        <source>Value after the last line equals the valuation of that day</source>
        <translation>最后一行之后的价值等于当日的存货计价</translation>
    </message>
    <message>
        <source>There is no product {code}.</source>
        <translation>没有商品 {code}。</translation>
    </message>
    <message>
        <source>Stock: opening</source>
        <translation>库存账：期初</translation>
    </message>
    <message>
        <source>Receipts</source>
        <translation>入库</translation>
    </message>
    <message>
        <source>Issues</source>
        <translation>出库</translation>
    </message>
    <message>
        <source>Adjustments</source>
        <translation>调整</translation>
    </message>
    <message>
        <source>Stock: closing</source>
        <translation>库存账：期末</translation>
    </message>
    <message>
        <source>Ledger: opening</source>
        <translation>总账：期初</translation>
    </message>
    <message>
        <source>Debits</source>
        <translation>借方</translation>
    </message>
    <message>
        <source>Credits</source>
        <translation>贷方</translation>
    </message>
    <message>
        <source>Ledger: closing</source>
        <translation>总账：期末</translation>
    </message>
    <message>
        <source>Cost pools</source>
        <translation>成本池</translation>
    </message>
    <message>
        <source>Moves at cost</source>
        <translation>库存流水（按成本）</translation>
    </message>
    <message>
        <source>Stock ledger</source>
        <translation>库存明细账</translation>
    </message>
    <message>
        <source>Period by period</source>
        <translation>分期间</translation>
    </message>
    <message>
        <source>As it stands now</source>
        <translation>当前</translation>
    </message>
    <message>
        <source>Documents that differ</source>
        <translation>有差额的单据</translation>
    </message>
    <message>
        <source>Stock ledger and general ledger agree at the end of every period</source>
        <translation>每期期末库存明细账与总账一致</translation>
    </message>
    <message>
        <source>Cost layers equal the inventory accounts of the ledger</source>
        <translation>成本层等于总账存货科目</translation>
    </message>
    <message>
        <source>Moves at cost equal the cost pools</source>
        <translation>按成本计的库存流水等于成本池</translation>
    </message>
    <message>
        <source>The cost book {book} does not post to the ledger. Choose the one that does, or leave the field empty.</source>
        <translation>成本账簿 {book} 不过入总账。请选择过账的账簿，或将该栏留空。</translation>
    </message>
    <message>
        <source>The ledger is not held here. Perhaps your role may not see it.</source>
        <translation>本机没有总账数据，您的角色可能无权查看。</translation>
    </message>
    <message>
        <source>Every period that the dates touch is shown whole.</source>
        <translation>所选日期涉及的会计期间均完整显示。</translation>
    </message>
    <message>
        <source>Adjustments are counts, landed costs, prices, revaluations and corrections. Debits and credits also hold goods that came and went back within the period.</source>
        <translation>调整包括盘点、到岸成本、价格、重估和更正。借贷方发生额也包含期间内进入又退回的货物。</translation>
    </message>
    <message>
        <source>Inventory reconciliation</source>
        <translation>存货账核对</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Debits to date</source>
        <translation>累计借方</translation>
    </message>
    <message>
        <source>Credits to date</source>
        <translation>累计贷方</translation>
    </message>
    <message>
        <source>Debit balance</source>
        <translation>借方余额</translation>
    </message>
    <message>
        <source>Credit balance</source>
        <translation>贷方余额</translation>
    </message>
    <message>
        <source>Debit balances equal credit balances</source>
        <translation>借方余额等于贷方余额</translation>
    </message>
    <message>
        <source>Trial balance</source>
        <translation>试算平衡表</translation>
    </message>
    <message>
        <source>{heading}: {value}</source>
        <translation>{heading}：{value}</translation>
    </message>
    <message>
        <source>Purchase price</source>
        <translation>采购价</translation>
    </message>
    <message>
        <source>Freight</source>
        <translation>运费</translation>
    </message>
    <message>
        <source>Duty</source>
        <translation>关税</translation>
    </message>
    <message>
        <source>Insurance</source>
        <translation>保险费</translation>
    </message>
    <message>
        <source>Handling</source>
        <translation>装卸费</translation>
    </message>
    <message>
        <source>Price corrections</source>
        <translation>价格更正</translation>
    </message>
    <message>
        <source>Variance</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Returned to suppliers</source>
        <translation>退回供应商</translation>
    </message>
    <message>
        <source>Total cost</source>
        <translation>成本合计</translation>
    </message>
    <message>
        <source>Period before</source>
        <translation>上期</translation>
    </message>
    <message>
        <source>Price effect</source>
        <translation>价格影响</translation>
    </message>
    <message>
        <source>Volume effect</source>
        <translation>数量影响</translation>
    </message>
    <message>
        <source>Mix effect</source>
        <translation>结构影响</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>变动</translation>
    </message>
    <message>
        <source>This period</source>
        <translation>本期</translation>
    </message>
    <message>
        <source>Storage</source>
        <translation>仓储</translation>
    </message>
    <message>
        <source>Handling labour</source>
        <translation>搬运人工</translation>
    </message>
    <message>
        <source>Packaging</source>
        <translation>包装</translation>
    </message>
    <message>
        <source>Channel fees</source>
        <translation>渠道费用</translation>
    </message>
    <message>
        <source>Payment fees</source>
        <translation>支付手续费</translation>
    </message>
    <message>
        <source>Delivery</source>
        <translation>配送</translation>
    </message>
    <message>
        <source>Cost of goods that came in</source>
        <translation>入库商品成本</translation>
    </message>
    <message>
        <source>Change against the period before</source>
        <translation>与上期相比的变动</translation>
    </message>
    <message>
        <source>Price, volume and mix effects add up to the change</source>
        <translation>价格、数量和结构影响之和等于变动</translation>
    </message>
    <message>
        <source>This period&apos;s cost in both tables is the same</source>
        <translation>两表的本期成本一致</translation>
    </message>
    <message>
        <source>Volume: all quantities changed alike. Mix: a product&apos;s share of the quantity changed, or it is new. Price: its unit cost changed. Quantities of different units are added for the shares.</source>
        <translation>数量：所有商品同比例变动。结构：某商品占总数量的比重变动，或为新商品。价格：其单位成本变动。计算比重时不同计量单位的数量直接相加。</translation>
    </message>
    <message>
        <source>Month</source>
        <translation>月份</translation>
    </message>
    <message>
        <source>Compared with</source>
        <translation>对比</translation>
    </message>
    <message>
        <source>Cost composition</source>
        <translation>成本构成</translation>
    </message>
    <message>
        <source>Volume-days in stock</source>
        <translation>体积×在库天数</translation>
    </message>
    <message>
        <source>Lines shipped</source>
        <translation>发货行数</translation>
    </message>
    <message>
        <source>Parcels shipped</source>
        <translation>发货包裹数</translation>
    </message>
    <message>
        <source>Invoiced revenue</source>
        <translation>开票收入</translation>
    </message>
    <message>
        <source>Quantity shipped</source>
        <translation>发货数量</translation>
    </message>
    <message>
        <source>Weight shipped</source>
        <translation>发货重量</translation>
    </message>
    <message>
        <source>Kind of cost</source>
        <translation>成本种类</translation>
    </message>
    <message>
        <source>Accounts</source>
        <translation>科目</translation>
    </message>
    <message>
        <source>Cost centre</source>
        <translation>成本中心</translation>
    </message>
    <message>
        <source>Shared by</source>
        <translation>分摊依据</translation>
    </message>
    <message>
        <source>In the ledger</source>
        <translation>总账金额</translation>
    </message>
    <message>
        <source>Allocated</source>
        <translation>已分摊</translation>
    </message>
    <message>
        <source>Not allocated</source>
        <translation>未能分摊</translation>
    </message>
    <message>
        <source>Not shared yet</source>
        <translation>尚未分摊</translation>
    </message>
    <message>
        <source>At standard</source>
        <translation>按标准</translation>
    </message>
    <message>
        <source>Above standard</source>
        <translation>超出标准</translation>
    </message>
    <message>
        <source>Cost to serve</source>
        <translation>服务成本</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>订单</translation>
    </message>
    <message>
        <source>Of no product</source>
        <translation>不属于任何商品</translation>
    </message>
    <message>
        <source>Of no order</source>
        <translation>不属于任何订单</translation>
    </message>
    <message>
        <source>Of no channel</source>
        <translation>不属于任何渠道</translation>
    </message>
    <message>
        <source>Of no customer</source>
        <translation>不属于任何客户</translation>
    </message>
    <message>
        <source>Of no warehouse</source>
        <translation>不属于任何仓库</translation>
    </message>
    <message>
        <source>What was shared equals the ledger&apos;s costs of these periods</source>
        <translation>已分摊金额等于总账中这些期间的费用</translation>
    </message>
    <message>
        <source>What was shared equals the costs when they were shared</source>
        <translation>已分摊金额等于分摊时的费用</translation>
    </message>
    <message>
        <source>For analysis: nothing of it is posted, and nothing of it is in the value of stock. Whole periods within the dates count.</source>
        <translation>仅供分析：不记账，也不计入存货价值。只计算完全落在所选日期内的会计期间。</translation>
    </message>
    <message>
        <source>The ledger is not held here, so the costs are those when they were shared.</source>
        <translation>此处没有总账数据，因此费用为分摊时的金额。</translation>
    </message>
    <message>
        <source>Costs and the ledger</source>
        <translation>费用与总账</translation>
    </message>
    <message>
        <source>What it was spent on</source>
        <translation>费用去向</translation>
    </message>
    <message>
        <source>Returns</source>
        <translation>退货</translation>
    </message>
    <message>
        <source>Cost as posted</source>
        <translation>已过账成本</translation>
    </message>
    <message>
        <source>Gross margin</source>
        <translation>毛利</translation>
    </message>
    <message>
        <source>Gross margin %</source>
        <translation>毛利率</translation>
    </message>
    <message>
        <source>Full margin</source>
        <translation>扣除服务成本后毛利</translation>
    </message>
    <message>
        <source>Full margin %</source>
        <translation>扣除服务成本后毛利率</translation>
    </message>
    <message>
        <source>Revenue less returns equals what documents posted to these accounts</source>
        <translation>收入减退货等于各单据过入这些科目的金额</translation>
    </message>
    <message>
        <source>Cost to serve equals the ledger&apos;s costs that were shared</source>
        <translation>服务成本等于总账中已分摊的费用</translation>
    </message>
    <message>
        <source>Cost to serve is shared for whole periods: those that lie within the dates are counted. It is not posted.</source>
        <translation>服务成本按整个会计期间分摊，只计入完全落在所选日期内的期间；不过账。</translation>
    </message>
    <message>
        <source>Distributor</source>
        <translation>分销商</translation>
    </message>
    <message>
        <source>Margin</source>
        <translation>毛利分析</translation>
    </message>
    <message>
        <source>Price paid</source>
        <translation>实际价格</translation>
    </message>
    <message>
        <source>Price expected</source>
        <translation>预期价格</translation>
    </message>
    <message>
        <source>Measured against</source>
        <translation>比较基准</translation>
    </message>
    <message>
        <source>Amount paid</source>
        <translation>实际金额</translation>
    </message>
    <message>
        <source>Variance %</source>
        <translation>差异率</translation>
    </message>
    <message>
        <source>Variances of goods at standard cost, and what came late for goods that had gone back, equal what they posted to purchase price variance</source>
        <translation>按标准成本核算的商品的差异，加上退回供应商后才到的费用和价格差额，等于过入采购价格差异的金额</translation>
    </message>
    <message>
        <source>First in first out</source>
        <translation>先进先出</translation>
    </message>
    <message>
        <source>Last in first out</source>
        <translation>后进先出</translation>
    </message>
    <message>
        <source>Moving average</source>
        <translation>移动加权平均</translation>
    </message>
    <message>
        <source>Month-end average</source>
        <translation>月末一次加权平均</translation>
    </message>
    <message>
        <source>Standard cost</source>
        <translation>标准成本</translation>
    </message>
    <message>
        <source>Specific cost</source>
        <translation>个别计价</translation>
    </message>
    <message>
        <source>Value at the beginning</source>
        <translation>期初金额</translation>
    </message>
    <message>
        <source>Value on hand at the end</source>
        <translation>期末库存金额</translation>
    </message>
    <message>
        <source>Revenue less returns</source>
        <translation>收入减退货</translation>
    </message>
    <message>
        <source>Gross profit</source>
        <translation>毛利</translation>
    </message>
    <message>
        <source>Tax on that difference</source>
        <translation>该差额的所得税</translation>
    </message>
    <message>
        <source>Difference after tax</source>
        <translation>税后差额</translation>
    </message>
    <message>
        <source>Due to the opening value</source>
        <translation>期初金额影响</translation>
    </message>
    <message>
        <source>Due to costs in the period</source>
        <translation>本期成本影响</translation>
    </message>
    <message>
        <source>Due to the closing value</source>
        <translation>期末金额影响</translation>
    </message>
    <message>
        <source>Difference in gross profit</source>
        <translation>毛利差额</translation>
    </message>
    <message>
        <source>Purchases and late costs</source>
        <translation>采购、到岸成本和价格更正</translation>
    </message>
    <message>
        <source>Counts, returns, revaluations</source>
        <translation>盘点、采购退货、重估</translation>
    </message>
    <message>
        <source>Increase of goods under way to customers</source>
        <translation>发往客户的在途货物增加额</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>并列对比</translation>
    </message>
    <message>
        <source>Bridge from one to the other</source>
        <translation>差异桥接</translation>
    </message>
    <message>
        <source>Value on hand by product</source>
        <translation>各商品库存金额</translation>
    </message>
    <message>
        <source>Cost of sales by product</source>
        <translation>各商品销售成本</translation>
    </message>
    <message>
        <source>The bridge adds up to the difference in gross profit</source>
        <translation>桥接合计等于毛利差额</translation>
    </message>
    <message>
        <source>Products counted anew by the method of the cost book have the value that the book has</source>
        <translation>按成本账簿的方法重新计算的商品金额与账簿一致</translation>
    </message>
    <message>
        <source>Last in first out is not allowed in statutory books (IAS 2.25; Chinese accounting standards).</source>
        <translation>法定账簿不允许采用后进先出法（IAS 2.25；中国会计准则）。</translation>
    </message>
    <message>
        <source>Specific cost follows lots and serial numbers. Products kept without them come out as first in first out.</source>
        <translation>个别计价按批次和序列号核算；没有批次或序列号的商品结果与先进先出相同。</translation>
    </message>
    <message>
        <source>Standard cost uses the standards of the products; one without takes what its first receipt cost.</source>
        <translation>标准成本采用商品的标准；没有标准的商品以首次收货成本为标准。</translation>
    </message>
    <message>
        <source>The month-end average is settled at the end of each period, and at the last day as if a period ended there.</source>
        <translation>月末一次加权平均在每个会计期末结算，并在最后一天按期末处理。</translation>
    </message>
    <message>
        <source>Products whose moves cannot be counted by every method are left out of all figures, their revenue too.</source>
        <translation>无法用所有方法计算的商品不计入任何数字，其收入也不计入。</translation>
    </message>
    <message>
        <source>The bridge leads to the method whose gross profit differs most; choose another one under Bridge to.</source>
        <translation>桥接指向毛利差异最大的方法；可在“桥接至”中另选其他方法。</translation>
    </message>
    <message>
        <source>The bridge leads from a method to itself, so it is empty; choose another method under Bridge to.</source>
        <translation>桥接的两端是同一方法，因此没有内容；请在“桥接至”中选择其他方法。</translation>
    </message>
    <message>
        <source>{text} is not a tax rate. Type a percentage such as 25.</source>
        <translation>{text} 不是税率。请输入百分数，例如 25。</translation>
    </message>
    <message>
        <source>The book&apos;s own method</source>
        <translation>账簿自身的方法</translation>
    </message>
    <message>
        <source>Bridge to</source>
        <translation>桥接至</translation>
    </message>
    <message>
        <source>The largest difference</source>
        <translation>差异最大的方法</translation>
    </message>
    <message>
        <source>Tax rate %</source>
        <translation>税率 %</translation>
    </message>
    <message>
        <source>Figure</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>Method comparison</source>
        <translation>成本方法对比</translation>
    </message>
    <message>
        <source>Last price</source>
        <translation>上次价格</translation>
    </message>
    <message>
        <source>First receipt</source>
        <translation>首次收货</translation>
    </message>
    <message>
        <source>A positive variance is dearer than expected, a negative one cheaper.</source>
        <translation>正差异表示比预期贵，负差异表示比预期便宜。</translation>
    </message>
    <message>
        <source>Purchase price variance</source>
        <translation>采购价格差异</translation>
    </message>
    <message>
        <source>What it cost</source>
        <translation>成本构成</translation>
    </message>
    <message>
        <source>Settled cost</source>
        <translation>结算成本</translation>
    </message>
    <message>
        <source>What came back</source>
        <translation>退回情况</translation>
    </message>
    <message>
        <source>Still on hand</source>
        <translation>仍在库</translation>
    </message>
    <message>
        <source>Whole line</source>
        <translation>整行金额</translation>
    </message>
    <message>
        <source>Order, supplier, who posted it</source>
        <translation>订单、供应商、过账人</translation>
    </message>
    <message>
        <source>What it took</source>
        <translation>所取的成本层</translation>
    </message>
    <message>
        <source>Late value (above)</source>
        <translation>后来增加的金额（见上）</translation>
    </message>
    <message>
        <source>The same, by layers</source>
        <translation>按成本层核对</translation>
    </message>
    <message>
        <source>Not here yet: estimate</source>
        <translation>尚未到货：暂估</translation>
    </message>
    <message>
        <source>Delivered to the customer</source>
        <translation>已送达客户</translation>
    </message>
    <message>
        <source>Under way to the customer: goods dispatched, no cost of sales yet</source>
        <translation>发往客户途中：发出商品，尚未结转销售成本</translation>
    </message>
    <message>
        <source>Cost that stayed away</source>
        <translation>未退回部分的成本</translation>
    </message>
    <message>
        <source>Where it went</source>
        <translation>去向</translation>
    </message>
    <message>
        <source>The same, by use</source>
        <translation>按去向核对</translation>
    </message>
    <message>
        <source>The average before it</source>
        <translation>此前平均成本的形成</translation>
    </message>
    <message>
        <source>The stock at standard before it</source>
        <translation>此前按标准成本计价的库存</translation>
    </message>
    <message>
        <source>Before the change of method</source>
        <translation>变更计价方法之前</translation>
    </message>
    <message>
        <source>On hand just before</source>
        <translation>发出前结存</translation>
    </message>
    <message>
        <source>This move stays within one cost pool or is not costed yet: it changes no cost.</source>
        <translation>该流水在同一成本池内或尚未计价：不改变成本。</translation>
    </message>
    <message>
        <source>As posted and corrected equals what its layers say</source>
        <translation>过账及调整后的金额与其成本层一致</translation>
    </message>
    <message>
        <source>No line {line} of {document} moved stock.</source>
        <translation>{document} 的第 {line} 行没有库存流水。</translation>
    </message>
    <message>
        <source>Line number</source>
        <translation>行号</translation>
    </message>
    <message>
        <source>{line} is no line number.</source>
        <translation>{line} 不是行号。</translation>
    </message>
    <message>
        <source>There is no document {document} that moved stock.</source>
        <translation>没有产生库存流水的单据 {document}。</translation>
    </message>
    <message>
        <source>Where a cost comes from</source>
        <translation>成本来源追溯</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>种类</translation>
    </message>
    <message>
        <source>Basis</source>
        <translation>分摊基数</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>比例</translation>
    </message>
    <message>
        <source>In inventory</source>
        <translation>计入存货</translation>
    </message>
    <message>
        <source>In cost of sales</source>
        <translation>计入销售成本</translation>
    </message>
    <message>
        <source>In price variance</source>
        <translation>计入价格差异</translation>
    </message>
    <message>
        <source>In scrap loss</source>
        <translation>计入报废损失</translation>
    </message>
    <message>
        <source>Received at</source>
        <translation>收货金额</translation>
    </message>
    <message>
        <source>Of price</source>
        <translation>占价格</translation>
    </message>
    <message>
        <source>In goods dispatched</source>
        <translation>计入发出商品</translation>
    </message>
    <message>
        <source>Weight</source>
        <translation>重量</translation>
    </message>
    <message>
        <source>Volume</source>
        <translation>体积</translation>
    </message>
    <message>
        <source>Equal shares</source>
        <translation>平均</translation>
    </message>
    <message>
        <source>By hand</source>
        <translation>手工</translation>
    </message>
    <message>
        <source>The shares add up to the landed costs</source>
        <translation>各分摊金额之和等于到岸成本</translation>
    </message>
    <message>
        <source>What was allocated is in inventory, in cost of sales, in price variance or in scrap loss</source>
        <translation>已分摊的金额在存货、销售成本、价格差异或报废损失中</translation>
    </message>
    <message>
        <source>The share of what had left by the date of the landed cost went to cost of sales, of what had gone back to the supplier to price variance, of what had been scrapped to scrap loss. Goods at standard cost keep their standard: all of their share is price variance.</source>
        <translation>到岸成本日期之前已发出的部分计入销售成本，已退回供应商的部分计入采购价格差异，已报废的部分计入报废损失。按标准成本核算的商品保持标准成本，其分摊全部计入采购价格差异。</translation>
    </message>
    <message>
        <source>Landed cost allocation</source>
        <translation>到岸成本分摊</translation>
    </message>
    <message>
        <source>When</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Who</source>
        <translation>人员</translation>
    </message>
    <message>
        <source>What</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>To what</source>
        <translation>对象</translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Computer</source>
        <translation>电脑</translation>
    </message>
    <message>
        <source>Who did what</source>
        <translation>操作记录</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
</context>
<context>
    <name>ReportIndex</name>
    <message>
        <source>Ledger</source>
        <translation>总账</translation>
    </message>
    <message>
        <source>Costing and stock value</source>
        <translation>成本与库存价值</translation>
    </message>
    <message>
        <source>Stock</source>
        <translation>库存</translation>
    </message>
    <message>
        <source>Budget</source>
        <translation>预算</translation>
    </message>
    <message>
        <source>Reports</source>
        <translation>报表</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报表</translation>
    </message>
    <message>
        <source>Asked with</source>
        <translation>查询条件</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
</context>
<context>
    <name>ReportParameters</name>
    <message>
        <source>Fill in {field}.</source>
        <translation>请填写{field}。</translation>
    </message>
    <message>
        <source>Code or name</source>
        <translation>代码或名称</translation>
    </message>
    <message>
        <source>Main book</source>
        <translation>主账簿</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Code, name or barcode</source>
        <translation>编码、名称或条码</translation>
    </message>
    <message>
        <source>All accounts, or codes: 1001, 1002</source>
        <translation>全部科目，或编码：1001, 1002</translation>
    </message>
</context>
<context>
    <name>ReportViewer</name>
    <message>
        <source>Making the report</source>
        <translation>正在生成报表</translation>
    </message>
    <message>
        <source>Making {report}</source>
        <translation>正在生成{report}</translation>
    </message>
    <message>
        <source>Stopped. Run it again with F5.</source>
        <translation>已停止。按 F5 重新运行。</translation>
    </message>
    <message>
        <source>as of {clock}, {seconds} s</source>
        <translation>截至 {clock}，用时 {seconds} 秒</translation>
    </message>
    <message>
        <source>Your role may not open the report behind this figure.</source>
        <translation>您的角色无权打开这个数字背后的报表。</translation>
    </message>
    <message>
        <source>Fill in what is asked at the left, then run.</source>
        <translation>请在左侧填写条件，然后运行。</translation>
    </message>
    <message>
        <source>Nothing was found for these parameters.</source>
        <translation>没有找到符合条件的内容。</translation>
    </message>
    <message>
        <source>Back to the report</source>
        <translation>返回报表</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Excel</source>
        <translation>Excel</translation>
    </message>
    <message>
        <source>PDF</source>
        <translation>PDF</translation>
    </message>
    <message>
        <source>Back to the figure that was opened (Backspace)</source>
        <translation>返回刚才打开的数字 (Backspace)</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数</translation>
    </message>
    <message>
        <source>Contents</source>
        <translation>目录</translation>
    </message>
    <message>
        <source>Save as Excel</source>
        <translation>另存为 Excel</translation>
    </message>
    <message>
        <source>Excel workbooks (*.xlsx)</source>
        <translation>Excel 工作簿 (*.xlsx)</translation>
    </message>
    <message>
        <source>Save as PDF</source>
        <translation>另存为 PDF</translation>
    </message>
    <message>
        <source>PDF documents (*.pdf)</source>
        <translation>PDF 文件 (*.pdf)</translation>
    </message>
    <message>
        <source>Saved as {file}</source>
        <translation>已保存为 {file}</translation>
    </message>
    <message>
        <source>Writing {file}</source>
        <translation>正在写入 {file}</translation>
    </message>
    <message>
        <source>Open file</source>
        <translation>打开文件</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Copy path</source>
        <translation>复制路径</translation>
    </message>
</context>
<context>
    <name>RestoreQuestion</name>
    <message>
        <source>{file} was made on {moment}, of {company}.

Everything at the central service becomes as it was then, for everybody. Before that, the books of now are kept in a file beside this one. Every computer fetches the data anew and gives back what was done on it since; documents that are done again may get other numbers. Users and their roles become those of then; passwords, computers and who is signed in stay as they are.

Type your password to go on.</source>
        <translation>{file} 制作于 {moment}，属于 {company}。

中心服务上的一切对所有人都将回到当时的状态。在此之前，现在的账簿会保存到此文件旁边的另一个文件中。每台电脑会重新获取数据，并交还此后在其上所做的操作；重新执行的单据可能得到其他编号。用户及其角色将变为当时的；密码、电脑和登录状态保持不变。

请输入您的密码以继续。</translation>
    </message>
    <message>
        <source>Your password</source>
        <translation>您的密码</translation>
    </message>
</context>
<context>
    <name>ReturnForm</name>
    <message>
        <source>&amp;Returned</source>
        <translation>退回日期(&amp;R)</translation>
    </message>
    <message>
        <source>Returned</source>
        <translation>已退回</translation>
    </message>
    <message>
        <source>Rea&amp;son</source>
        <translation>原因(&amp;S)</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Lines that came back</source>
        <translation>退回明细</translation>
    </message>
</context>
<context>
    <name>ReturnWithoutShipmentForm</name>
    <message>
        <source>&amp;Customer</source>
        <translation>客户(&amp;C)</translation>
    </message>
    <message>
        <source>Customer</source>
        <translation>客户</translation>
    </message>
    <message>
        <source>C&amp;hannel</source>
        <translation>渠道(&amp;H)</translation>
    </message>
    <message>
        <source>Channel</source>
        <translation>渠道</translation>
    </message>
    <message>
        <source>&amp;Returned</source>
        <translation>退回日期(&amp;R)</translation>
    </message>
    <message>
        <source>Returned</source>
        <translation>退回日期</translation>
    </message>
    <message>
        <source>&amp;Warehouse</source>
        <translation>仓库(&amp;W)</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Re&amp;ason</source>
        <translation>原因(&amp;A)</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
</context>
<context>
    <name>ReturnWithoutShipmentPage</name>
    <message>
        <source>Take in return</source>
        <translation>退货入库</translation>
    </message>
    <message>
        <source>Return without a shipment</source>
        <translation>无发货单退货</translation>
    </message>
    <message>
        <source>The goods come in at their current cost.</source>
        <translation>货物按当前成本入库。</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Expires</source>
        <translation>到期日</translation>
    </message>
    <message>
        <source>Came back</source>
        <translation>退回数量</translation>
    </message>
    <message>
        <source>Of it scrap</source>
        <translation>其中报废</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Credited each</source>
        <translation>退款单价</translation>
    </message>
    <message>
        <source>Credited</source>
        <translation>退款金额</translation>
    </message>
    <message>
        <source>Announced as {number}: count the goods and correct the lines.</source>
        <translation>退货通知 {number}：请清点货物并更正各行。</translation>
    </message>
    <message>
        <source>Lines: {count}</source>
        <translation>行数：{count}</translation>
    </message>
    <message>
        <source>Credited: {amount}</source>
        <translation>退款合计：{amount}</translation>
    </message>
    <message>
        <source>More is scrapped than came back. Correct one of the two.</source>
        <translation>报废数量多于退回数量。请更正其中之一。</translation>
    </message>
    <message>
        <source>Return taken in</source>
        <translation>退货已入库</translation>
    </message>
</context>
<context>
    <name>RevalueStockPage</name>
    <message>
        <source>Revalue stock</source>
        <translation>库存重估</translation>
    </message>
    <message>
        <source>Type a new unit cost, or an amount up or down.</source>
        <translation>填写新的单位成本，或增减的金额。</translation>
    </message>
    <message>
        <source>Nothing is on hand that could be revalued.</source>
        <translation>没有可以重估的现存量。</translation>
    </message>
    <message>
        <source>Stock</source>
        <translation>库存</translation>
    </message>
    <message>
        <source>On hand</source>
        <translation>现存量</translation>
    </message>
    <message>
        <source>Value now</source>
        <translation>当前价值</translation>
    </message>
    <message>
        <source>Unit cost now</source>
        <translation>当前单位成本</translation>
    </message>
    <message>
        <source>New unit cost</source>
        <translation>新单位成本</translation>
    </message>
    <message>
        <source>or up, down by</source>
        <translation>或增减金额</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>变动</translation>
    </message>
    <message>
        <source>Value after</source>
        <translation>变动后价值</translation>
    </message>
    <message>
        <source>Lines: {count}</source>
        <translation>明细：{count}</translation>
    </message>
    <message>
        <source>Change of value {change}</source>
        <translation>价值变动 {change}</translation>
    </message>
    <message>
        <source>Choose the stock that gets another value in at least one line.</source>
        <translation>请至少在一行中选择要变更价值的库存。</translation>
    </message>
    <message>
        <source>The value of stock changes by {change}, against inventory adjustments. Issues dated before cannot be entered any more for these products.</source>
        <translation>库存价值变动 {change}，对方科目为存货调整。此后不能再录入这些商品在该日期之前的出库。</translation>
    </message>
</context>
<context>
    <name>Role</name>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Purchasing</source>
        <translation>采购</translation>
    </message>
    <message>
        <source>Sales</source>
        <translation>销售</translation>
    </message>
    <message>
        <source>Accountant</source>
        <translation>会计</translation>
    </message>
    <message>
        <source>Manager</source>
        <translation>经理</translation>
    </message>
    <message>
        <source>People</source>
        <translation>人事</translation>
    </message>
    <message>
        <source>Administrator</source>
        <translation>管理员</translation>
    </message>
</context>
<context>
    <name>SalesInvoicePage</name>
    <message>
        <source>Sales order</source>
        <translation>销售订单</translation>
    </message>
    <message>
        <source>Invoiced</source>
        <translation>开票</translation>
    </message>
    <message>
        <source>Due</source>
        <translation>到期</translation>
    </message>
    <message>
        <source>Total</source>
        <translation>合计</translation>
    </message>
    <message>
        <source>No.</source>
        <translation>序号</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
</context>
<context>
    <name>SalesInvoices</name>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>订单</translation>
    </message>
    <message>
        <source>Customer</source>
        <translation>客户</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Due</source>
        <translation>到期</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
    <message>
        <source>Sales invoices</source>
        <translation>销售发票</translation>
    </message>
    <message>
        <source>No sales invoices yet</source>
        <translation>还没有销售发票</translation>
    </message>
    <message>
        <source>An invoice is made from what was shipped of a sales order.</source>
        <translation>发票根据销售订单的已发货部分开具。</translation>
    </message>
    <message>
        <source>Number, order, customer</source>
        <translation>编号、订单、客户</translation>
    </message>
</context>
<context>
    <name>SalesOrderForm</name>
    <message>
        <source>&amp;Customer</source>
        <translation>客户(&amp;C)</translation>
    </message>
    <message>
        <source>Code, name or scan</source>
        <translation>编码、名称或扫描</translation>
    </message>
    <message>
        <source>Customer</source>
        <translation>客户</translation>
    </message>
    <message>
        <source>&amp;Ordered</source>
        <translation>订购日期(&amp;O)</translation>
    </message>
    <message>
        <source>Ordered</source>
        <translation>订购</translation>
    </message>
    <message>
        <source>C&amp;hannel</source>
        <translation>渠道(&amp;H)</translation>
    </message>
    <message>
        <source>Channel</source>
        <translation>渠道</translation>
    </message>
    <message>
        <source>Dis&amp;tributor</source>
        <translation>分销商(&amp;T)</translation>
    </message>
    <message>
        <source>Who sold it, if not the company itself</source>
        <translation>销售方（如果不是本公司）</translation>
    </message>
    <message>
        <source>Code or name</source>
        <translation>编码或名称</translation>
    </message>
    <message>
        <source>Distributor</source>
        <translation>分销商</translation>
    </message>
    <message>
        <source>&amp;Due</source>
        <translation>到货日期(&amp;D)</translation>
    </message>
    <message>
        <source>Due</source>
        <translation>到期</translation>
    </message>
    <message>
        <source>Channel&apos;s &amp;number</source>
        <translation>渠道单号(&amp;N)</translation>
    </message>
    <message>
        <source>Channel&apos;s number</source>
        <translation>渠道单号</translation>
    </message>
    <message>
        <source>&amp;Warehouse</source>
        <translation>仓库(&amp;W)</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>&amp;Priority</source>
        <translation>优先级(&amp;P)</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>优先级</translation>
    </message>
    <message>
        <source>Frei&amp;ght</source>
        <translation>运费(&amp;G)</translation>
    </message>
    <message>
        <source>Charged to the customer</source>
        <translation>向客户收取</translation>
    </message>
    <message>
        <source>Freight</source>
        <translation>运费</translation>
    </message>
    <message>
        <source>Ship to</source>
        <translation>收货地址</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>Lines of the sales order</source>
        <translation>销售订单明细</translation>
    </message>
</context>
<context>
    <name>SalesOrderPage</name>
    <message>
        <source>Save draft</source>
        <translation>保存草稿</translation>
    </message>
    <message>
        <source>Save draft (Ctrl+S)</source>
        <translation>保存草稿 (Ctrl+S)</translation>
    </message>
    <message>
        <source>Confirm</source>
        <translation>确认</translation>
    </message>
    <message>
        <source>Allocate</source>
        <translation>分配</translation>
    </message>
    <message>
        <source>Release the allocation</source>
        <translation>释放分配</translation>
    </message>
    <message>
        <source>Ship</source>
        <translation>发货</translation>
    </message>
    <message>
        <source>Invoice</source>
        <translation>发票</translation>
    </message>
    <message>
        <source>Cancel the order</source>
        <translation>取消订单</translation>
    </message>
    <message>
        <source>Save the order first.</source>
        <translation>请先保存订单。</translation>
    </message>
    <message>
        <source>Only a confirmed order can be promised stock.</source>
        <translation>只有已确认的订单才能分配库存。</translation>
    </message>
    <message>
        <source>All that is open is allocated.</source>
        <translation>未发的部分已全部分配。</translation>
    </message>
    <message>
        <source>Nothing is allocated to this order.</source>
        <translation>此订单没有分配。</translation>
    </message>
    <message>
        <source>All that was shipped is invoiced.</source>
        <translation>已发货的部分都已开票。</translation>
    </message>
    <message>
        <source>The order is cancelled already.</source>
        <translation>订单已经取消。</translation>
    </message>
    <message>
        <source>Goods of this order have left already.</source>
        <translation>此订单已有货物发出。</translation>
    </message>
    <message>
        <source>Confirming takes on an order for {currency} {amount} (lines: {count}), due on {due_on}. Stock can then be promised to it, and its lines cannot be changed.</source>
        <translation>确认后将接受 {currency} {amount} 的订单（行数：{count}），交货日期 {due_on}。之后可为其分配库存，明细不能再更改。</translation>
    </message>
    <message>
        <source>Confirm the order</source>
        <translation>确认订单</translation>
    </message>
    <message>
        <source>Sales order confirmed</source>
        <translation>销售订单已确认</translation>
    </message>
    <message>
        <source>Stock allocated</source>
        <translation>库存已分配</translation>
    </message>
    <message>
        <source>Allocation released</source>
        <translation>分配已释放</translation>
    </message>
    <message>
        <source>Invoice posted</source>
        <translation>发票已过账</translation>
    </message>
    <message>
        <source>Cancelling takes the order back; what was promised to it is free again. It stays in the list.</source>
        <translation>取消后订单作废，已为其分配的库存重新可用。订单仍保留在列表中。</translation>
    </message>
    <message>
        <source>Sales order cancelled</source>
        <translation>销售订单已取消</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>价格</translation>
    </message>
    <message>
        <source>Disc. %</source>
        <translation>折扣 %</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>可承诺量</translation>
    </message>
    <message>
        <source>Allocated</source>
        <translation>已分配</translation>
    </message>
    <message>
        <source>Shipped</source>
        <translation>已发货</translation>
    </message>
    <message>
        <source>Lines: {count}</source>
        <translation>明细：{count}</translation>
    </message>
    <message>
        <source>Goods {amount}</source>
        <translation>货款 {amount}</translation>
    </message>
    <message>
        <source>Total {currency} {amount}</source>
        <translation>合计 {currency} {amount}</translation>
    </message>
    <message>
        <source>Sales order saved</source>
        <translation>销售订单已保存</translation>
    </message>
    <message>
        <source>1 first</source>
        <translation>1 最先</translation>
    </message>
    <message>
        <source>2 high</source>
        <translation>2 高</translation>
    </message>
    <message>
        <source>3 normal</source>
        <translation>3 一般</translation>
    </message>
    <message>
        <source>4 low</source>
        <translation>4 低</translation>
    </message>
    <message>
        <source>5 last</source>
        <translation>5 最后</translation>
    </message>
</context>
<context>
    <name>SalesOrders</name>
    <message>
        <source>To ship</source>
        <translation>待发货</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Channel</source>
        <translation>渠道</translation>
    </message>
    <message>
        <source>Customer</source>
        <translation>客户</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>优先级</translation>
    </message>
    <message>
        <source>Ordered</source>
        <translation>订购</translation>
    </message>
    <message>
        <source>Due</source>
        <translation>到期</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>金额</translation>
    </message>
    <message>
        <source>Number, customer, distributor</source>
        <translation>编号、客户、分销商</translation>
    </message>
    <message>
        <source>Sales orders</source>
        <translation>销售订单</translation>
    </message>
    <message>
        <source>No sales orders yet</source>
        <translation>还没有销售订单</translation>
    </message>
    <message>
        <source>New sales order</source>
        <translation>新建销售订单</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
</context>
<context>
    <name>ScrapStockPage</name>
    <message>
        <source>Scrap the goods</source>
        <translation>报废货物</translation>
    </message>
    <message>
        <source>Scrap goods</source>
        <translation>报废货物</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Lines: {count}</source>
        <translation>行数：{count}</translation>
    </message>
    <message>
        <source>Goods scrapped</source>
        <translation>货物已报废</translation>
    </message>
    <message>
        <source>The goods leave the stock for good, and what they cost is a loss.</source>
        <translation>这些货物将永久出库，其成本计为损失。</translation>
    </message>
</context>
<context>
    <name>Screen</name>
    <message>
        <source>Home</source>
        <translation>首页</translation>
    </message>
    <message>
        <source>Needs attention</source>
        <translation>待处理</translation>
    </message>
    <message>
        <source>Waiting changes</source>
        <translation>等待发送的变动</translation>
    </message>
    <message>
        <source>Purchase orders</source>
        <translation>采购订单</translation>
    </message>
    <message>
        <source>Purchase order</source>
        <translation>采购订单</translation>
    </message>
    <message>
        <source>Purchase returns</source>
        <translation>采购退货</translation>
    </message>
    <message>
        <source>Purchase return</source>
        <translation>采购退货</translation>
    </message>
    <message>
        <source>Return to supplier</source>
        <translation>退货给供应商</translation>
    </message>
    <message>
        <source>Price corrections</source>
        <translation>价格更正</translation>
    </message>
    <message>
        <source>Price correction</source>
        <translation>价格更正</translation>
    </message>
    <message>
        <source>Landed costs</source>
        <translation>到岸成本</translation>
    </message>
    <message>
        <source>Landed cost</source>
        <translation>到岸成本</translation>
    </message>
    <message>
        <source>Enter landed cost</source>
        <translation>录入到岸成本</translation>
    </message>
    <message>
        <source>Correct price</source>
        <translation>更正价格</translation>
    </message>
    <message>
        <source>Balance sheet</source>
        <translation>资产负债表</translation>
    </message>
    <message>
        <source>Cost composition</source>
        <translation>成本构成</translation>
    </message>
    <message>
        <source>Cost layers</source>
        <translation>成本层</translation>
    </message>
    <message>
        <source>Cost of sales</source>
        <translation>销售成本</translation>
    </message>
    <message>
        <source>General ledger</source>
        <translation>总账</translation>
    </message>
    <message>
        <source>Income statement</source>
        <translation>利润表</translation>
    </message>
    <message>
        <source>Inventory reconciliation</source>
        <translation>存货账核对</translation>
    </message>
    <message>
        <source>Inventory valuation</source>
        <translation>存货计价</translation>
    </message>
    <message>
        <source>Landed cost allocation</source>
        <translation>到岸成本分摊</translation>
    </message>
    <message>
        <source>Margin</source>
        <translation>毛利分析</translation>
    </message>
    <message>
        <source>Method comparison</source>
        <translation>成本方法对比</translation>
    </message>
    <message>
        <source>Purchase price variance</source>
        <translation>采购价格差异</translation>
    </message>
    <message>
        <source>Stock ledger</source>
        <translation>库存明细账</translation>
    </message>
    <message>
        <source>Trial balance</source>
        <translation>试算平衡表</translation>
    </message>
    <message>
        <source>Where a cost comes from</source>
        <translation>成本来源追溯</translation>
    </message>
    <message>
        <source>All reports</source>
        <translation>全部报表</translation>
    </message>
    <message>
        <source>Sales orders</source>
        <translation>销售订单</translation>
    </message>
    <message>
        <source>Sales order</source>
        <translation>销售订单</translation>
    </message>
    <message>
        <source>Sales invoices</source>
        <translation>销售发票</translation>
    </message>
    <message>
        <source>Sales invoice</source>
        <translation>销售发票</translation>
    </message>
    <message>
        <source>To receive</source>
        <translation>待收货</translation>
    </message>
    <message>
        <source>Goods receipts</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>To ship</source>
        <translation>待发货</translation>
    </message>
    <message>
        <source>Shipments</source>
        <translation>发货</translation>
    </message>
    <message>
        <source>Customer returns</source>
        <translation>销售退货</translation>
    </message>
    <message>
        <source>Receive goods</source>
        <translation>收货</translation>
    </message>
    <message>
        <source>Goods receipt</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>Ship an order</source>
        <translation>订单发货</translation>
    </message>
    <message>
        <source>Shipment</source>
        <translation>发货</translation>
    </message>
    <message>
        <source>Confirm delivery</source>
        <translation>确认送达</translation>
    </message>
    <message>
        <source>Take in a return</source>
        <translation>收回退货</translation>
    </message>
    <message>
        <source>Return without a shipment</source>
        <translation>无发货单退货</translation>
    </message>
    <message>
        <source>Customer return</source>
        <translation>销售退货</translation>
    </message>
    <message>
        <source>Shipment of a return</source>
        <translation>退货所属的发货</translation>
    </message>
    <message>
        <source>Import from a file</source>
        <translation>从文件导入</translation>
    </message>
    <message>
        <source>Journal entries</source>
        <translation>记账凭证</translation>
    </message>
    <message>
        <source>Accounts</source>
        <translation>科目</translation>
    </message>
    <message>
        <source>Periods</source>
        <translation>会计期间</translation>
    </message>
    <message>
        <source>Period</source>
        <translation>会计期间</translation>
    </message>
    <message>
        <source>Cost books</source>
        <translation>成本账簿</translation>
    </message>
    <message>
        <source>Cost book</source>
        <translation>成本账簿</translation>
    </message>
    <message>
        <source>Change the costing method</source>
        <translation>变更计价方法</translation>
    </message>
    <message>
        <source>Journal entry</source>
        <translation>记账凭证</translation>
    </message>
    <message>
        <source>New journal entry</source>
        <translation>新建记账凭证</translation>
    </message>
    <message>
        <source>Products</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Low stock</source>
        <translation>库存不足</translation>
    </message>
    <message>
        <source>Categories</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>Units</source>
        <translation>计量单位</translation>
    </message>
    <message>
        <source>Customers and suppliers</source>
        <translation>客户与供应商</translation>
    </message>
    <message>
        <source>Prices</source>
        <translation>价目表</translation>
    </message>
    <message>
        <source>Price levels</source>
        <translation>价格等级</translation>
    </message>
    <message>
        <source>Channels</source>
        <translation>渠道</translation>
    </message>
    <message>
        <source>Suppliers</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>Warehouses</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Bins</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Cost centres</source>
        <translation>成本中心</translation>
    </message>
    <message>
        <source>Exchange rates</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Employees</source>
        <translation>员工</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Party</source>
        <translation>往来单位</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Category</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>计量单位</translation>
    </message>
    <message>
        <source>Price level</source>
        <translation>价格等级</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>价格</translation>
    </message>
    <message>
        <source>Channel</source>
        <translation>渠道</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Cost centre</source>
        <translation>成本中心</translation>
    </message>
    <message>
        <source>Exchange rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Employee</source>
        <translation>员工</translation>
    </message>
    <message>
        <source>Company</source>
        <translation>公司</translation>
    </message>
    <message>
        <source>Users</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>User</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>Computers</source>
        <translation>电脑</translation>
    </message>
    <message>
        <source>Backups</source>
        <translation>备份</translation>
    </message>
    <message>
        <source>Who did what</source>
        <translation>操作记录</translation>
    </message>
    <message>
        <source>Stock on hand</source>
        <translation>库存现存量</translation>
    </message>
    <message>
        <source>Stock moves</source>
        <translation>库存流水</translation>
    </message>
    <message>
        <source>Goods transfers</source>
        <translation>调拨单</translation>
    </message>
    <message>
        <source>Stock counts</source>
        <translation>盘点单</translation>
    </message>
    <message>
        <source>Scrapped goods</source>
        <translation>货物报废</translation>
    </message>
    <message>
        <source>Count stock</source>
        <translation>盘点库存</translation>
    </message>
    <message>
        <source>Stock count</source>
        <translation>盘点单</translation>
    </message>
    <message>
        <source>Dispatch goods</source>
        <translation>发出调拨</translation>
    </message>
    <message>
        <source>Goods transfer</source>
        <translation>调拨单</translation>
    </message>
    <message>
        <source>Take in a transfer</source>
        <translation>收入调拨单</translation>
    </message>
    <message>
        <source>Close a transfer short</source>
        <translation>短收关闭调拨单</translation>
    </message>
    <message>
        <source>Scrap goods</source>
        <translation>报废货物</translation>
    </message>
    <message>
        <source>Move stock</source>
        <translation>移动库存</translation>
    </message>
    <message>
        <source>Stock revaluations</source>
        <translation>库存重估</translation>
    </message>
    <message>
        <source>Write-downs</source>
        <translation>跌价准备</translation>
    </message>
    <message>
        <source>Standard costs</source>
        <translation>标准成本</translation>
    </message>
    <message>
        <source>Stock revaluation</source>
        <translation>库存重估</translation>
    </message>
    <message>
        <source>Write-down</source>
        <translation>跌价准备</translation>
    </message>
    <message>
        <source>Standard cost change</source>
        <translation>标准成本变动</translation>
    </message>
    <message>
        <source>Standard cost history</source>
        <translation>标准成本历史</translation>
    </message>
    <message>
        <source>Revalue stock</source>
        <translation>库存重估</translation>
    </message>
    <message>
        <source>Set standard costs</source>
        <translation>设定标准成本</translation>
    </message>
    <message>
        <source>Write stock down</source>
        <translation>计提跌价准备</translation>
    </message>
    <message>
        <source>Cost to serve</source>
        <translation>服务成本</translation>
    </message>
    <message>
        <source>Rules of cost to serve</source>
        <translation>服务成本分摊规则</translation>
    </message>
    <message>
        <source>Storage rates</source>
        <translation>仓储费率</translation>
    </message>
    <message>
        <source>Rule of cost to serve</source>
        <translation>服务成本分摊规则</translation>
    </message>
    <message>
        <source>Storage rate</source>
        <translation>仓储费率</translation>
    </message>
</context>
<context>
    <name>ScreenView</name>
    <message>
        <source>Nothing was changed here: there is nothing to save.</source>
        <translation>此处没有更改，没有可保存的内容。</translation>
    </message>
</context>
<context>
    <name>SetStandardPage</name>
    <message>
        <source>Set standard costs</source>
        <translation>设定标准成本</translation>
    </message>
    <message>
        <source>Stock in books at standard is revalued to them on that day.</source>
        <translation>采用标准成本的账簿在当天按新标准重估库存。</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Standard now</source>
        <translation>当前标准</translation>
    </message>
    <message>
        <source>Since</source>
        <translation>生效日期</translation>
    </message>
    <message>
        <source>On hand</source>
        <translation>现存量</translation>
    </message>
    <message>
        <source>Propose the moving average</source>
        <translation>建议采用移动加权平均</translation>
    </message>
    <message>
        <source>Moving average</source>
        <translation>移动加权平均</translation>
    </message>
    <message>
        <source>New standard</source>
        <translation>新标准</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Standards proposed: {count}</source>
        <translation>已建议标准成本：{count}</translation>
    </message>
    <message>
        <source>Lines: {count}</source>
        <translation>明细：{count}</translation>
    </message>
    <message>
        <source>Type the new standard of at least one product.</source>
        <translation>请至少填写一种商品的新标准成本。</translation>
    </message>
    <message>
        <source>{count} products have another standard cost from {day} on. In books at standard their stock is revalued to it; what is posted stays.</source>
        <translation>{count} 种商品自 {day} 起采用新的标准成本。采用标准成本的账簿将按其重估库存；已过账的内容不变。</translation>
    </message>
</context>
<context>
    <name>ShipOrderForm</name>
    <message>
        <source>&amp;Shipped</source>
        <translation>发货日期(&amp;S)</translation>
    </message>
    <message>
        <source>Shipped</source>
        <translation>已发货</translation>
    </message>
    <message>
        <source>&amp;Carrier</source>
        <translation>承运商(&amp;C)</translation>
    </message>
    <message>
        <source>Code or name</source>
        <translation>编码或名称</translation>
    </message>
    <message>
        <source>Carrier</source>
        <translation>承运商</translation>
    </message>
    <message>
        <source>&amp;Tracking number</source>
        <translation>运单号(&amp;T)</translation>
    </message>
    <message>
        <source>Scan the label</source>
        <translation>扫描面单</translation>
    </message>
    <message>
        <source>Tracking number</source>
        <translation>运单号</translation>
    </message>
    <message>
        <source>Lines to ship</source>
        <translation>发货明细</translation>
    </message>
</context>
<context>
    <name>ShipOrderPage</name>
    <message>
        <source>Still open</source>
        <translation>未发</translation>
    </message>
    <message>
        <source>To ship</source>
        <translation>待发货</translation>
    </message>
    <message>
        <source>Allocated</source>
        <translation>已分配</translation>
    </message>
    <message>
        <source>Ship</source>
        <translation>发货</translation>
    </message>
    <message>
        <source>Allocate</source>
        <translation>分配</translation>
    </message>
    <message>
        <source>Open the order</source>
        <translation>打开订单</translation>
    </message>
    <message>
        <source>Parcel shipped</source>
        <translation>包裹已发出</translation>
    </message>
    <message>
        <source>Another lot</source>
        <translation>增加批次</translation>
    </message>
    <message>
        <source>Ship {order}</source>
        <translation>{order} 发货</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Go to a product that is kept by lot first.</source>
        <translation>请先选中一个按批次管理的商品。</translation>
    </message>
    <message>
        <source>Nothing of this order is to be shipped now.</source>
        <translation>此订单目前没有要发的货物。</translation>
    </message>
    <message>
        <source>All that is open is allocated.</source>
        <translation>未发的部分已全部分配。</translation>
    </message>
    <message>
        <source>Nothing on this order is kept by lot.</source>
        <translation>此订单中没有按批次管理的商品。</translation>
    </message>
</context>
<context>
    <name>ShipmentPage</name>
    <message>
        <source>Print packing slip</source>
        <translation>打印装箱单</translation>
    </message>
    <message>
        <source>Confirm delivery</source>
        <translation>确认送达</translation>
    </message>
    <message>
        <source>Take in return</source>
        <translation>收回退货</translation>
    </message>
    <message>
        <source>The shipment is being read.</source>
        <translation>正在读取发货单。</translation>
    </message>
    <message>
        <source>All of it has come back already.</source>
        <translation>已全部退回。</translation>
    </message>
    <message>
        <source>Printing the packing slip</source>
        <translation>正在打印装箱单</translation>
    </message>
    <message>
        <source>all came back</source>
        <translation>已全部退回</translation>
    </message>
    <message>
        <source>Sales order</source>
        <translation>销售订单</translation>
    </message>
    <message>
        <source>Shipped</source>
        <translation>已发货</translation>
    </message>
    <message>
        <source>Delivered</source>
        <translation>已送达</translation>
    </message>
    <message>
        <source>not confirmed yet</source>
        <translation>尚未确认</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Carrier</source>
        <translation>承运商</translation>
    </message>
    <message>
        <source>Tracking number</source>
        <translation>运单号</translation>
    </message>
</context>
<context>
    <name>Shipments</name>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>订单</translation>
    </message>
    <message>
        <source>Customer</source>
        <translation>客户</translation>
    </message>
    <message>
        <source>Carrier</source>
        <translation>承运商</translation>
    </message>
    <message>
        <source>Tracking number</source>
        <translation>运单号</translation>
    </message>
    <message>
        <source>Shipped</source>
        <translation>已发货</translation>
    </message>
    <message>
        <source>Delivered</source>
        <translation>已送达</translation>
    </message>
    <message>
        <source>Select the shipments that arrived first.</source>
        <translation>请先选择已到达的发货。</translation>
    </message>
    <message>
        <source>Confirm delivery</source>
        <translation>确认送达</translation>
    </message>
    <message>
        <source>The customers have the shipments that are selected</source>
        <translation>所选发货已送达客户</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Shipments</source>
        <translation>发货</translation>
    </message>
    <message>
        <source>No shipments yet</source>
        <translation>还没有发货</translation>
    </message>
    <message>
        <source>Number, order, customer, tracking number</source>
        <translation>编号、订单、客户、运单号</translation>
    </message>
    <message>
        <source>Delivery</source>
        <translation>送达</translation>
    </message>
    <message>
        <source>Under way</source>
        <translation>在途</translation>
    </message>
    <message>
        <source>Ship an order</source>
        <translation>订单发货</translation>
    </message>
</context>
<context>
    <name>ShipmentsOfReturn</name>
    <message>
        <source>Number</source>
        <translation>单号</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>订单</translation>
    </message>
    <message>
        <source>Customer</source>
        <translation>客户</translation>
    </message>
    <message>
        <source>Shipped</source>
        <translation>发货日期</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Which shipment are the goods of?</source>
        <translation>货物属于哪次发货？</translation>
    </message>
    <message>
        <source>No shipment is known that these goods may be of.</source>
        <translation>找不到这些货物可能所属的发货。</translation>
    </message>
    <message>
        <source>Number, order, customer, tracking number</source>
        <translation>单号、订单、客户、运单号</translation>
    </message>
</context>
<context>
    <name>SignInAgain</name>
    <message>
        <source>Sign in again</source>
        <translation>重新登录</translation>
    </message>
    <message>
        <source>Password of {name} at {company}</source>
        <translation>{company} 的 {name} 的密码</translation>
    </message>
    <message>
        <source>Sign in</source>
        <translation>登录</translation>
    </message>
    <message>
        <source>Type your password.</source>
        <translation>请输入密码。</translation>
    </message>
</context>
<context>
    <name>StandardCostChange</name>
    <message>
        <source>Effective from</source>
        <translation>生效日期</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Change of value</source>
        <translation>价值变动</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>变动前</translation>
    </message>
    <message>
        <source>New standard</source>
        <translation>新标准</translation>
    </message>
    <message>
        <source>On hand</source>
        <translation>现存量</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
</context>
<context>
    <name>StandardCostForm</name>
    <message>
        <source>&amp;Effective from</source>
        <translation>生效日期(&amp;E)</translation>
    </message>
    <message>
        <source>Effective from</source>
        <translation>生效日期</translation>
    </message>
    <message>
        <source>&amp;Reason</source>
        <translation>原因(&amp;R)</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
</context>
<context>
    <name>StandardCostHistory</name>
    <message>
        <source>From</source>
        <translation>生效日期</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>变动前</translation>
    </message>
    <message>
        <source>Standard cost</source>
        <translation>标准成本</translation>
    </message>
    <message>
        <source>Change of value</source>
        <translation>价值变动</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Standard cost history</source>
        <translation>标准成本历史</translation>
    </message>
    <message>
        <source>No standard cost was set yet</source>
        <translation>尚未设定过标准成本</translation>
    </message>
    <message>
        <source>Product, number, reason</source>
        <translation>商品、编号、原因</translation>
    </message>
</context>
<context>
    <name>StandardCosts</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Standard cost</source>
        <translation>标准成本</translation>
    </message>
    <message>
        <source>Since</source>
        <translation>生效日期</translation>
    </message>
    <message>
        <source>On hand</source>
        <translation>现存量</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>价值</translation>
    </message>
    <message>
        <source>Standard costs</source>
        <translation>标准成本</translation>
    </message>
    <message>
        <source>No product has a standard cost yet</source>
        <translation>还没有商品设有标准成本</translation>
    </message>
    <message>
        <source>One is set here, or is what the first receipt cost in a book at standard.</source>
        <translation>可在此设定；在采用标准成本的账簿中，首次收货的单位成本即为标准成本。</translation>
    </message>
    <message>
        <source>Code, name</source>
        <translation>编码、名称</translation>
    </message>
    <message>
        <source>History</source>
        <translation>历史</translation>
    </message>
    <message>
        <source>Set standard costs</source>
        <translation>设定标准成本</translation>
    </message>
</context>
<context>
    <name>StartWindow</name>
    <message>
        <source>Welcome to ERP Desktop</source>
        <translation>欢迎使用 ERP Desktop</translation>
    </message>
    <message>
        <source>Open {company}</source>
        <translation>打开 {company}</translation>
    </message>
    <message>
        <source>Kept on this computer.</source>
        <translation>保存在本机。</translation>
    </message>
    <message>
        <source>Sign in to an office</source>
        <translation>登录办公室</translation>
    </message>
    <message>
        <source>The company is at a central service that other people use too.</source>
        <translation>公司数据在中心服务上，与他人共同使用。</translation>
    </message>
    <message>
        <source>Start a new company on this computer</source>
        <translation>在本机新建公司账套</translation>
    </message>
    <message>
        <source>Empty books, for one person without a network.</source>
        <translation>空白账套，供一人使用，无需网络。</translation>
    </message>
    <message>
        <source>Look at a sample company</source>
        <translation>查看示例公司</translation>
    </message>
    <message>
        <source>A trading company with a year of business, to try everything out.</source>
        <translation>一家已有一年业务的贸易公司，可供试用全部功能。</translation>
    </message>
    <message>
        <source>Sign in</source>
        <translation>登录</translation>
    </message>
    <message>
        <source>Central service</source>
        <translation>中心服务</translation>
    </message>
    <message>
        <source>Company</source>
        <translation>公司</translation>
    </message>
    <message>
        <source>User name</source>
        <translation>用户名</translation>
    </message>
    <message>
        <source>Start a new company</source>
        <translation>新建公司账套</translation>
    </message>
    <message>
        <source>a few letters or digits, such as ACME</source>
        <translation>几个字母或数字，例如 ACME</translation>
    </message>
    <message>
        <source>Currency and chart of accounts cannot be changed later.</source>
        <translation>币种和会计科目表以后不能更改。</translation>
    </message>
    <message>
        <source>Start the company</source>
        <translation>新建账套</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>密码</translation>
    </message>
    <message>
        <source>Name of the company</source>
        <translation>公司名称</translation>
    </message>
    <message>
        <source>Short code</source>
        <translation>简码</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>Chart of accounts</source>
        <translation>会计科目表</translation>
    </message>
    <message>
        <source>Your name</source>
        <translation>您的姓名</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Please fill in every field.</source>
        <translation>请填写所有字段。</translation>
    </message>
    <message>
        <source>The company&apos;s data are fetched: {done} of {total} rows …</source>
        <translation>正在获取公司数据：{done} / {total} 行…</translation>
    </message>
    <message>
        <source>One moment, the central service is asked …</source>
        <translation>请稍候，正在连接中心服务……</translation>
    </message>
    <message>
        <source>The sample company is made. The first time that takes up to a minute …</source>
        <translation>正在生成示例公司，首次约需一分钟……</translation>
    </message>
    <message>
        <source>One moment, the books are being opened …</source>
        <translation>请稍候，正在建立账套……</translation>
    </message>
    <message>
        <source>This did not work; nothing was changed. For support: {reference}.</source>
        <translation>未能完成；未作任何更改。技术支持编号：{reference}。</translation>
    </message>
</context>
<context>
    <name>Status</name>
    <message>
        <source>Draft</source>
        <translation>草稿</translation>
    </message>
    <message>
        <source>Announced</source>
        <translation>已通知</translation>
    </message>
    <message>
        <source>Confirmed</source>
        <translation>已确认</translation>
    </message>
    <message>
        <source>Allocated</source>
        <translation>已分配</translation>
    </message>
    <message>
        <source>Partly allocated</source>
        <translation>部分分配</translation>
    </message>
    <message>
        <source>Partly received</source>
        <translation>部分收货</translation>
    </message>
    <message>
        <source>Partly shipped</source>
        <translation>部分发货</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>已收货</translation>
    </message>
    <message>
        <source>In transit</source>
        <translation>在途</translation>
    </message>
    <message>
        <source>Closed short</source>
        <translation>短收关闭</translation>
    </message>
    <message>
        <source>Shipped</source>
        <translation>已发货</translation>
    </message>
    <message>
        <source>Posted</source>
        <translation>已过账</translation>
    </message>
    <message>
        <source>Paid</source>
        <translation>已付款</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>未结</translation>
    </message>
    <message>
        <source>Closed</source>
        <translation>已关闭</translation>
    </message>
    <message>
        <source>Reversed</source>
        <translation>已冲销</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>Late</source>
        <translation>逾期</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
    <message>
        <source>Inactive</source>
        <translation>停用</translation>
    </message>
    <message>
        <source>Signed in</source>
        <translation>已登录</translation>
    </message>
    <message>
        <source>Signed out</source>
        <translation>已退出</translation>
    </message>
    <message>
        <source>Taken out</source>
        <translation>已停用</translation>
    </message>
    <message>
        <source>In stock</source>
        <translation>有库存</translation>
    </message>
    <message>
        <source>Low stock</source>
        <translation>库存不足</translation>
    </message>
    <message>
        <source>Out of stock</source>
        <translation>缺货</translation>
    </message>
    <message>
        <source>Waiting to be sent</source>
        <translation>等待发送</translation>
    </message>
    <message>
        <source>Refused</source>
        <translation>已拒绝</translation>
    </message>
    <message>
        <source>Held back</source>
        <translation>暂缓</translation>
    </message>
    <message>
        <source>New</source>
        <translation>新增</translation>
    </message>
    <message>
        <source>Changed</source>
        <translation>有更改</translation>
    </message>
    <message>
        <source>Here already</source>
        <translation>已存在</translation>
    </message>
    <message>
        <source>To mend</source>
        <translation>待修正</translation>
    </message>
    <message>
        <source>In the way</source>
        <translation>阻止结账</translation>
    </message>
    <message>
        <source>Look at it</source>
        <translation>请查看</translation>
    </message>
    <message>
        <source>Being counted</source>
        <translation>正在检查</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Posts to the ledger</source>
        <translation>向总账过账</translation>
    </message>
    <message>
        <source>For comparison</source>
        <translation>用于比较</translation>
    </message>
    <message>
        <source>Being computed</source>
        <translation>正在计算</translation>
    </message>
    <message>
        <source>Does not fit any more</source>
        <translation>已不适用</translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
</context>
<context>
    <name>StatusPath</name>
    <message>
        <source>Status: {status}, step {number} of {count}</source>
        <translation>状态：{status}，第 {number} 步，共 {count} 步</translation>
    </message>
</context>
<context>
    <name>StockCount</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>In the books</source>
        <translation>账面数</translation>
    </message>
    <message>
        <source>Counted</source>
        <translation>实盘数</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Counted on</source>
        <translation>盘点日期</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Opening stock</source>
        <translation>期初库存</translation>
    </message>
    <message>
        <source>Lines that differ</source>
        <translation>有差异的行</translation>
    </message>
</context>
<context>
    <name>StockCountForm</name>
    <message>
        <source>&amp;Warehouse</source>
        <translation>仓库(&amp;W)</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Counted &amp;on</source>
        <translation>盘点日期(&amp;O)</translation>
    </message>
    <message>
        <source>Counted on</source>
        <translation>盘点日期</translation>
    </message>
    <message>
        <source>&amp;Reason</source>
        <translation>原因(&amp;R)</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
</context>
<context>
    <name>StockCounts</name>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Counted</source>
        <translation>盘点日期</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Opening</source>
        <translation>期初</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Stock counts</source>
        <translation>盘点单</translation>
    </message>
    <message>
        <source>No stock counts yet</source>
        <translation>还没有盘点单</translation>
    </message>
    <message>
        <source>Number, warehouse, reason</source>
        <translation>编号、仓库、原因</translation>
    </message>
    <message>
        <source>Count stock</source>
        <translation>盘点库存</translation>
    </message>
</context>
<context>
    <name>StockMoves</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>From</source>
        <translation>从</translation>
    </message>
    <message>
        <source>To</source>
        <translation>到</translation>
    </message>
    <message>
        <source>Document</source>
        <translation>单据</translation>
    </message>
    <message>
        <source>Stock moves</source>
        <translation>库存流水</translation>
    </message>
    <message>
        <source>Nothing has moved yet</source>
        <translation>还没有库存流水</translation>
    </message>
    <message>
        <source>Every receipt, shipment, transfer and count is listed here.</source>
        <translation>每次收货、发货、调拨和盘点都列在这里。</translation>
    </message>
    <message>
        <source>Product code or name</source>
        <translation>商品编码或名称</translation>
    </message>
</context>
<context>
    <name>StockOnHand</name>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Expires</source>
        <translation>有效期至</translation>
    </message>
    <message>
        <source>On hand</source>
        <translation>现存量</translation>
    </message>
    <message>
        <source>Allocated</source>
        <translation>已分配</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>可承诺量</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Stock on hand</source>
        <translation>库存现存量</translation>
    </message>
    <message>
        <source>Nothing is in stock yet</source>
        <translation>还没有库存</translation>
    </message>
    <message>
        <source>Goods come in with a goods receipt, or are counted for the first time.</source>
        <translation>商品通过收货单入库，或通过首次盘点录入。</translation>
    </message>
    <message>
        <source>Product, warehouse, bin, lot</source>
        <translation>商品、仓库、货位、批次</translation>
    </message>
    <message>
        <source>Move stock</source>
        <translation>移动库存</translation>
    </message>
    <message>
        <source>Count stock</source>
        <translation>盘点库存</translation>
    </message>
</context>
<context>
    <name>StockRevaluation</name>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Change of value</source>
        <translation>价值变动</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>On hand</source>
        <translation>现存量</translation>
    </message>
    <message>
        <source>Unit cost</source>
        <translation>单位成本</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>变动</translation>
    </message>
    <message>
        <source>Value after</source>
        <translation>变动后价值</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
</context>
<context>
    <name>StockRevaluationForm</name>
    <message>
        <source>&amp;Date</source>
        <translation>日期(&amp;D)</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>&amp;Reason</source>
        <translation>原因(&amp;R)</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
</context>
<context>
    <name>StockRevaluations</name>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Change of value</source>
        <translation>价值变动</translation>
    </message>
    <message>
        <source>Stock revaluations</source>
        <translation>库存重估</translation>
    </message>
    <message>
        <source>No stock was revalued yet</source>
        <translation>尚未重估过库存</translation>
    </message>
    <message>
        <source>Number, reason</source>
        <translation>编号、原因</translation>
    </message>
    <message>
        <source>Revalue stock</source>
        <translation>库存重估</translation>
    </message>
</context>
<context>
    <name>StockScrap</name>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Scrapped on</source>
        <translation>报废日期</translation>
    </message>
</context>
<context>
    <name>StockScrapForm</name>
    <message>
        <source>&amp;Warehouse</source>
        <translation>仓库(&amp;W)</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Scrapped &amp;on</source>
        <translation>报废日期(&amp;O)</translation>
    </message>
    <message>
        <source>Scrapped on</source>
        <translation>报废日期</translation>
    </message>
    <message>
        <source>&amp;Reason</source>
        <translation>原因(&amp;R)</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
</context>
<context>
    <name>StockScraps</name>
    <message>
        <source>Scrap goods</source>
        <translation>报废货物</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>单号</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Scrapped</source>
        <translation>报废日期</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Scrapped goods</source>
        <translation>货物报废</translation>
    </message>
    <message>
        <source>Nothing has been scrapped yet</source>
        <translation>还没有报废记录</translation>
    </message>
    <message>
        <source>What was scrapped with its return is on the customer return.</source>
        <translation>随退货一并报废的货物见销售退货单。</translation>
    </message>
    <message>
        <source>Number, warehouse, reason</source>
        <translation>单号、仓库、原因</translation>
    </message>
</context>
<context>
    <name>StorageRateForm</name>
    <message>
        <source>&amp;Warehouse</source>
        <translation>仓库(&amp;W)</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Valid &amp;from</source>
        <translation>生效日期(&amp;F)</translation>
    </message>
    <message>
        <source>Valid from</source>
        <translation>生效日期</translation>
    </message>
    <message>
        <source>&amp;Rate per m³ and day</source>
        <translation>每立方米每天费率(&amp;R)</translation>
    </message>
    <message>
        <source>Rate per m³ and day</source>
        <translation>每立方米每天费率</translation>
    </message>
    <message>
        <source>In the company&apos;s currency; it holds until a later rate begins.</source>
        <translation>以公司本位币计；到下一个费率生效前有效。</translation>
    </message>
</context>
<context>
    <name>SupplierReturnForm</name>
    <message>
        <source>&amp;Returned</source>
        <translation>退货日期(&amp;R)</translation>
    </message>
    <message>
        <source>Returned</source>
        <translation>退货日期</translation>
    </message>
    <message>
        <source>Rea&amp;son</source>
        <translation>原因(&amp;S)</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>&amp;Credit note</source>
        <translation>贷项通知单(&amp;C)</translation>
    </message>
    <message>
        <source>The number on the supplier&apos;s credit note or return authorisation</source>
        <translation>供应商贷项通知单或退货授权上的编号</translation>
    </message>
    <message>
        <source>Credit note</source>
        <translation>贷项通知单</translation>
    </message>
    <message>
        <source>The supplier has &amp;invoiced these goods already</source>
        <translation>供应商已就这些货物开票(&amp;I)</translation>
    </message>
    <message>
        <source>The credit then lowers what is payable to the supplier</source>
        <translation>贷记金额将冲减对供应商的应付款</translation>
    </message>
    <message>
        <source>The supplier has invoiced these goods already</source>
        <translation>供应商已就这些货物开票</translation>
    </message>
    <message>
        <source>E&amp;xchange rate</source>
        <translation>汇率(&amp;X)</translation>
    </message>
    <message>
        <source>What one unit of the currency is worth in company currency; proposed as the day&apos;s rate</source>
        <translation>一单位该币种折合多少本位币；默认取当日汇率</translation>
    </message>
    <message>
        <source>Exchange rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Lines of the receipt</source>
        <translation>收货单明细</translation>
    </message>
    <message>
        <source>Goods returned to the supplier</source>
        <translation>已退货给供应商</translation>
    </message>
    <message>
        <source>Return to supplier</source>
        <translation>退货给供应商</translation>
    </message>
    <message>
        <source>All goes back</source>
        <translation>全部退回</translation>
    </message>
    <message>
        <source>The goods leave at their cost; the rest to the credit is a price variance.</source>
        <translation>货物按其成本出库；与贷记金额的差额计入采购价格差异。</translation>
    </message>
    <message>
        <source>The supplier is asked to credit what the goods have cost.</source>
        <translation>请供应商按货物的成本贷记。</translation>
    </message>
    <message>
        <source>Return of</source>
        <translation>退货</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Not returned</source>
        <translation>未退数量</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>可用</translation>
    </message>
    <message>
        <source>Goes back</source>
        <translation>退货数量</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Credit price</source>
        <translation>贷记单价</translation>
    </message>
    <message>
        <source>Price per</source>
        <translation>单价单位</translation>
    </message>
    <message>
        <source>Credit</source>
        <translation>贷记金额</translation>
    </message>
    <message>
        <source>Return of {receipt}</source>
        <translation>{receipt} 退货</translation>
    </message>
    <message>
        <source>Credit {currency} {amount}</source>
        <translation>贷记 {currency} {amount}</translation>
    </message>
    <message>
        <source>Nothing of this receipt can go back any more.</source>
        <translation>此收货单已无可退货物。</translation>
    </message>
</context>
<context>
    <name>SupplierReturnPage</name>
    <message>
        <source>No.</source>
        <translation>行号</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>单位</translation>
    </message>
    <message>
        <source>Credit price</source>
        <translation>贷记单价</translation>
    </message>
    <message>
        <source>Price per</source>
        <translation>单价单位</translation>
    </message>
    <message>
        <source>Credit</source>
        <translation>贷记金额</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
    <message>
        <source>Print return note</source>
        <translation>打印退货单</translation>
    </message>
    <message>
        <source>The return is being read.</source>
        <translation>正在读取退货单。</translation>
    </message>
    <message>
        <source>Printing the return note</source>
        <translation>正在打印退货单</translation>
    </message>
    <message>
        <source>What is payable to the supplier</source>
        <translation>对供应商的应付款</translation>
    </message>
    <message>
        <source>Goods received and not invoiced</source>
        <translation>暂估应付</translation>
    </message>
    <message>
        <source>Goods receipt</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>Returned</source>
        <translation>退货日期</translation>
    </message>
    <message>
        <source>Warehouse</source>
        <translation>仓库</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Credit note</source>
        <translation>贷项通知单</translation>
    </message>
    <message>
        <source>The credit lowers</source>
        <translation>贷记金额冲减</translation>
    </message>
    <message>
        <source>Exchange rate</source>
        <translation>汇率</translation>
    </message>
    <message>
        <source>Credit in company currency</source>
        <translation>贷项本位币金额</translation>
    </message>
    <message>
        <source>Cost of the goods</source>
        <translation>货物成本</translation>
    </message>
    <message>
        <source>Price variance</source>
        <translation>价格差异</translation>
    </message>
</context>
<context>
    <name>SupplierReturns</name>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Goods receipt</source>
        <translation>收货单</translation>
    </message>
    <message>
        <source>Supplier</source>
        <translation>供应商</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Credit note</source>
        <translation>贷项通知单</translation>
    </message>
    <message>
        <source>Returned</source>
        <translation>退货日期</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Currency</source>
        <translation>币种</translation>
    </message>
    <message>
        <source>Credit</source>
        <translation>贷记金额</translation>
    </message>
    <message>
        <source>Purchase returns</source>
        <translation>采购退货</translation>
    </message>
    <message>
        <source>No purchase returns yet</source>
        <translation>还没有采购退货</translation>
    </message>
    <message>
        <source>Goods are returned from the page of their goods receipt.</source>
        <translation>退货从收货单页面录入。</translation>
    </message>
    <message>
        <source>Number, receipt, supplier, reason, credit note</source>
        <translation>编号、收货单、供应商、原因、贷项通知单</translation>
    </message>
</context>
<context>
    <name>Sync</name>
    <message>
        <source>The program is already open with these data. Go to its window; nothing was lost.</source>
        <translation>程序已用这份数据打开。请转到其窗口；没有丢失任何内容。</translation>
    </message>
    <message>
        <source>The local copy of the data was damaged and is fetched again. {count} changes that were waiting were saved; the damaged file was kept as {file}.</source>
        <translation>本机数据副本已损坏，正在重新获取。等待发送的 {count} 项更改已保住；损坏的文件保留为 {file}。</translation>
    </message>
    <message>
        <source>The local copy of the data cannot be opened: it is damaged, or its key is not on this computer any more. It is fetched again. Changes that had not reached the central service cannot be sent from this computer; the file was kept as {file}, for the case that the key is found in a backup of this computer.</source>
        <translation>无法打开本机数据副本：文件已损坏，或其密钥已不在本机。正在重新获取数据。尚未到达中心服务的更改无法再从本机发送；文件保留为 {file}，以备从本机备份中找到密钥时使用。</translation>
    </message>
    <message>
        <source>You chose to work offline. Changes are kept here until you go online again.</source>
        <translation>您选择了离线工作。更改保存在本机，直到您再次联网。</translation>
    </message>
    <message>
        <source>The central service cannot be reached. Work goes on; changes are sent when it is back.</source>
        <translation>无法连接中心服务。工作可以继续；恢复后将发送更改。</translation>
    </message>
    <message>
        <source>Whoever answers at the central service&apos;s address cannot prove to be it: the certificate is not trusted here, or ran out. Nothing was sent. Work goes on; tell an administrator.</source>
        <translation>在中心服务地址应答的一方无法证明自己就是中心服务：其证书在本机不受信任，或已过期。没有发送任何内容。工作可继续进行；请告知管理员。</translation>
    </message>
    <message>
        <source>Sign in again to send and receive. Changes that wait are kept.</source>
        <translation>请重新登录以收发数据。等待的更改会保留。</translation>
    </message>
    <message>
        <source>These data are used on another computer too: they were copied, or put back from a backup. Sign in with your password, and this computer goes on under an entry of its own; everything here is kept, and what waits is sent then.</source>
        <translation>这份数据也在另一台电脑上使用（被复制过，或从备份恢复过）。请用密码登录，本机将作为一台独立的电脑继续工作；这里的一切都会保留，等待发送的更改届时会发送。</translation>
    </message>
    <message>
        <source>This program is too old for the central service. Work goes on here; upgrade it to send.</source>
        <translation>此程序版本过旧，中心服务不再支持。工作可以继续；升级后才能发送。</translation>
    </message>
    <message>
        <source>The central service is older than this program and does not understand some of what was entered here ({count}). It is kept and sent once the central service is upgraded; everything else goes on.</source>
        <translation>中心服务的版本比本程序旧，不认识此处录入的部分内容（{count} 项）。这些内容已保留，待中心服务升级后发送；其余工作照常进行。</translation>
    </message>
    <message>
        <source>The central service is too old for this program. Work goes on here; changes are kept and sent once it is upgraded.</source>
        <translation>中心服务的版本过旧，无法与本程序配合。此处可继续工作；更改已保留，待其升级后发送。</translation>
    </message>
    <message>
        <source>This computer&apos;s disk is full, so news cannot be stored. Free some space.</source>
        <translation>本机磁盘已满，无法保存新数据。请腾出空间。</translation>
    </message>
    <message>
        <source>Something unexpected happened while syncing ({kind}); it is tried again.</source>
        <translation>同步时发生意外（{kind}）；正在重试。</translation>
    </message>
    <message>
        <source>This computer&apos;s data agree with the central service.</source>
        <translation>本机数据与中心服务一致。</translation>
    </message>
    <message>
        <source>{count} rows on this computer differed from the central service and were put right. Changes that wait were kept.</source>
        <translation>本机有 {count} 行数据与中心服务不一致，已更正。等待发送的更改已保留。</translation>
    </message>
</context>
<context>
    <name>SyncPill</name>
    <message>
        <source>Sign in again</source>
        <translation>重新登录</translation>
    </message>
    <message>
        <source>Closed</source>
        <translation>已关闭</translation>
    </message>
    <message>
        <source>Upgrade needed</source>
        <translation>需要升级</translation>
    </message>
    <message>
        <source>Central service too old</source>
        <translation>中心服务版本过旧</translation>
    </message>
    <message>
        <source>1 needs attention</source>
        <translation>1 项待处理</translation>
    </message>
    <message>
        <source>{count} need attention</source>
        <translation>{count} 项待处理</translation>
    </message>
    <message>
        <source>Offline, 1 change waiting</source>
        <translation>离线，1 项变动等待发送</translation>
    </message>
    <message>
        <source>Offline, {count} changes waiting</source>
        <translation>离线，{count} 项更改等待发送</translation>
    </message>
    <message>
        <source>Offline</source>
        <translation>离线</translation>
    </message>
    <message>
        <source>Fetching row {done} of {total}</source>
        <translation>正在获取第 {done} 行，共 {total} 行</translation>
    </message>
    <message>
        <source>Syncing {done} of {total}</source>
        <translation>正在同步 {done} / {total}</translation>
    </message>
    <message>
        <source>Syncing</source>
        <translation>正在同步</translation>
    </message>
    <message>
        <source>Synced</source>
        <translation>已同步</translation>
    </message>
    <message>
        <source>Synced {time}</source>
        <translation>已同步 {time}</translation>
    </message>
    <message>
        <source>{state}, {count} waiting</source>
        <translation>{state}，{count} 项等待</translation>
    </message>
    <message>
        <source>Sync: {state}</source>
        <translation>同步：{state}</translation>
    </message>
    <message>
        <source>Click to sign in again</source>
        <translation>点击重新登录</translation>
    </message>
    <message>
        <source>See what waits for the central service (Ctrl+Shift+W)</source>
        <translation>查看等待发送到中心服务的变动（Ctrl+Shift+W）</translation>
    </message>
    <message>
        <source>Open Needs attention (Ctrl+Shift+A)</source>
        <translation>打开“待处理”(Ctrl+Shift+A)</translation>
    </message>
    <message>
        <source>In step with the central service at {time}</source>
        <translation>{time} 与中心服务一致</translation>
    </message>
</context>
<context>
    <name>Table</name>
    <message>
        <source>Yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>No</source>
        <translation>否</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>{filter}: {choice}</source>
        <translation>{filter}：{choice}</translation>
    </message>
    <message>
        <source>Filter this list</source>
        <translation>筛选此列表</translation>
    </message>
    <message>
        <source>Clear all</source>
        <translation>全部清除</translation>
    </message>
    <message>
        <source>List</source>
        <translation>列表</translation>
    </message>
    <message>
        <source>Rows copied: {count}</source>
        <translation>已复制 {count} 行</translation>
    </message>
    <message>
        <source>Loading</source>
        <translation>正在加载</translation>
    </message>
    <message>
        <source>Rows: {count}</source>
        <translation>{count} 行</translation>
    </message>
    <message>
        <source>Rows: {count}, selected: {selected}</source>
        <translation>{count} 行，已选 {selected} 行</translation>
    </message>
    <message>
        <source>Total of filtered rows</source>
        <translation>筛选后合计</translation>
    </message>
    <message>
        <source>Total</source>
        <translation>合计</translation>
    </message>
    <message>
        <source>Clear filters</source>
        <translation>清除筛选</translation>
    </message>
    <message>
        <source>Nothing matches</source>
        <translation>没有匹配项</translation>
    </message>
    <message>
        <source>Nothing here yet</source>
        <translation>这里还没有内容</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Your work is safe. Tell support the reference {reference} if it stays so.</source>
        <translation>您的工作没有丢失。如仍如此，请将编号 {reference} 告诉技术支持。</translation>
    </message>
    <message>
        <source>This list could not be read</source>
        <translation>无法读取此列表</translation>
    </message>
    <message>
        <source>{count} rows are selected, and one command takes at most {most}. Nothing was done: narrow the list, or select fewer.</source>
        <translation>已选 {count} 行，一次操作最多处理 {most} 行。未执行任何操作：请缩小列表范围，或少选一些。</translation>
    </message>
    <message>
        <source>{count} rows are selected, and at most {most} are copied at once. Nothing was copied: narrow the list, or select fewer.</source>
        <translation>已选 {count} 行，一次最多复制 {most} 行。未复制任何内容：请缩小列表范围，或少选一些。</translation>
    </message>
    <message>
        <source>The list changed while the selected rows were read. Nothing was done: look at what is selected and do it again.</source>
        <translation>读取所选行时列表发生了变化。未执行任何操作：请核对所选内容后重试。</translation>
    </message>
    <message>
        <source>Reading the selected rows: {count}</source>
        <translation>正在读取所选的 {count} 行</translation>
    </message>
    <message>
        <source>The list changed: rows that were not read yet are no longer selected. Nothing was done.</source>
        <translation>列表发生了变化：尚未读取的行已取消选择。未执行任何操作。</translation>
    </message>
</context>
<context>
    <name>Tabs</name>
    <message>
        <source>Close this tab</source>
        <translation>关闭此标签页</translation>
    </message>
    <message>
        <source>Close this tab (Ctrl+W)</source>
        <translation>关闭此标签页 (Ctrl+W)</translation>
    </message>
</context>
<context>
    <name>TakeInReturnPage</name>
    <message>
        <source>Take in return</source>
        <translation>收回退货</translation>
    </message>
    <message>
        <source>All came back</source>
        <translation>全部退回</translation>
    </message>
    <message>
        <source>Return of</source>
        <translation>所退发货单</translation>
    </message>
    <message>
        <source>Return taken into stock</source>
        <translation>退货已入库</translation>
    </message>
    <message>
        <source>More is scrapped than came back. Correct one of the two.</source>
        <translation>报废数量多于退回数量。请更正其中之一。</translation>
    </message>
    <message>
        <source>Lot</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Announced</source>
        <translation>通知数量</translation>
    </message>
    <message>
        <source>With customer</source>
        <translation>在客户处</translation>
    </message>
    <message>
        <source>Came back</source>
        <translation>退回数量</translation>
    </message>
    <message>
        <source>Of it scrap</source>
        <translation>其中报废</translation>
    </message>
    <message>
        <source>Return of {shipment}</source>
        <translation>{shipment} 的退货</translation>
    </message>
    <message>
        <source>All came as announced</source>
        <translation>全部按通知到货</translation>
    </message>
    <message>
        <source>Announced as {number}: what does not come now is not waited for.</source>
        <translation>退货通知 {number}：这次没到的货物不再等待。</translation>
    </message>
    <message>
        <source>Nothing of this shipment is still with the customer.</source>
        <translation>此发货单已没有仍在客户处的货物。</translation>
    </message>
    <message>
        <source>The announced return was taken in or closed already.</source>
        <translation>此退货通知已收货或已关闭。</translation>
    </message>
</context>
<context>
    <name>ToldOnce</name>
    <message>
        <source>One-time password</source>
        <translation>一次性密码</translation>
    </message>
    <message>
        <source>Tell {name} this password. It is good for one thing: signing in and choosing one of their own. It is shown only now and kept nowhere.</source>
        <translation>请把这个密码告诉 {name}。它只有一个用途：登录并设置自己的密码。它只在此刻显示，不会保存在任何地方。</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>I have told them</source>
        <translation>已告知</translation>
    </message>
    <message>
        <source>The password is on the clipboard.</source>
        <translation>密码已复制到剪贴板。</translation>
    </message>
</context>
<context>
    <name>TopBar</name>
    <message>
        <source>Search screens, commands and records</source>
        <translation>搜索界面、命令和记录</translation>
    </message>
    <message>
        <source>{user}: language, theme, sign out</source>
        <translation>{user}：语言、主题、退出登录</translation>
    </message>
</context>
<context>
    <name>UnitForm</name>
    <message>
        <source>&amp;Code</source>
        <translation>编码(&amp;C)</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>名称(&amp;N)</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Chinese na&amp;me</source>
        <translation>中文名称(&amp;M)</translation>
    </message>
    <message>
        <source>Chinese name</source>
        <translation>中文名称</translation>
    </message>
</context>
<context>
    <name>UnitStory</name>
    <message>
        <source>Where does this cost come from?</source>
        <translation>这笔成本从何而来？</translation>
    </message>
</context>
<context>
    <name>UserForm</name>
    <message>
        <source>&amp;Sign-in name</source>
        <translation>登录名(&amp;S)</translation>
    </message>
    <message>
        <source>Sign-in name</source>
        <translation>登录名</translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation>语言(&amp;L)</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>姓名(&amp;N)</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>姓名</translation>
    </message>
    <message>
        <source>May si&amp;gn in</source>
        <translation>允许登录(&amp;G)</translation>
    </message>
    <message>
        <source>May sign in</source>
        <translation>允许登录</translation>
    </message>
</context>
<context>
    <name>UserPage</name>
    <message>
        <source>User</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>Roles</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Works in (no tick: in all of them)</source>
        <translation>工作仓库（不勾选：全部仓库）</translation>
    </message>
    <message>
        <source>Documents and stock of these warehouses alone. Without a tick: of all of them, as for whoever sees costs or the ledger.</source>
        <translation>仅限这些仓库的单据和库存。不勾选则为全部仓库；能查看成本或总账的人始终为全部仓库。</translation>
    </message>
    <message>
        <source>A new user signs in with a one-time password that you give to them, and chooses one of their own. Whoever may not sign in any more is signed out at once, on every computer.</source>
        <translation>新用户用您给的一次性密码登录，再设置自己的密码。不再允许登录的人会立即在每台电脑上退出登录。</translation>
    </message>
    <message>
        <source>One-time password</source>
        <translation>一次性密码</translation>
    </message>
    <message>
        <source>Sign out everywhere</source>
        <translation>在所有电脑上退出</translation>
    </message>
    <message>
        <source>Save the user first.</source>
        <translation>请先保存用户。</translation>
    </message>
    <message>
        <source>One-time password for {name}</source>
        <translation>{name} 的一次性密码</translation>
    </message>
    <message>
        <source>{name} is signed out on every computer, and what they signed in with until now is good no more. You are shown a password, once, with which they sign in and choose one of their own.</source>
        <translation>{name} 会在每台电脑上退出登录，原来的密码不再有效。会向您显示一次密码，对方用它登录并设置自己的密码。</translation>
    </message>
    <message>
        <source>Make a one-time password</source>
        <translation>生成一次性密码</translation>
    </message>
    <message>
        <source>Sign out {name}</source>
        <translation>将 {name} 退出登录</translation>
    </message>
    <message>
        <source>Every computer of {name} asks for the password before it sends or fetches again. What waits there is kept.</source>
        <translation>{name} 的每台电脑在再次发送或获取之前都会要求输入密码。那里待发送的内容会保留。</translation>
    </message>
    <message>
        <source>{name} is signed out everywhere.</source>
        <translation>{name} 已在所有电脑上退出登录。</translation>
    </message>
</context>
<context>
    <name>Users</name>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>Sign-in name</source>
        <translation>登录名</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>姓名</translation>
    </message>
    <message>
        <source>Roles</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>May sign in</source>
        <translation>允许登录</translation>
    </message>
    <message>
        <source>Users</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>Sign-in name, name, role</source>
        <translation>登录名、姓名、角色</translation>
    </message>
    <message>
        <source>New user</source>
        <translation>新建用户</translation>
    </message>
</context>
<context>
    <name>ValuationForm</name>
    <message>
        <source>Posted</source>
        <translation>已过账</translation>
    </message>
</context>
<context>
    <name>WaitingChanges</name>
    <message>
        <source>Change</source>
        <translation>变动</translation>
    </message>
    <message>
        <source>What it is about</source>
        <translation>相关内容</translation>
    </message>
    <message>
        <source>Standing</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Since</source>
        <translation>自何时</translation>
    </message>
    <message>
        <source>Sent, not answered yet</source>
        <translation>已发送，尚未答复</translation>
    </message>
    <message>
        <source>Not sent yet</source>
        <translation>尚未发送</translation>
    </message>
    <message>
        <source>Sync now</source>
        <translation>立即同步</translation>
    </message>
    <message>
        <source>Work offline or go online</source>
        <translation>离线工作或恢复联网</translation>
    </message>
    <message>
        <source>Needs attention</source>
        <translation>待处理</translation>
    </message>
    <message>
        <source>Waiting changes</source>
        <translation>等待发送的变动</translation>
    </message>
    <message>
        <source>Nothing waits</source>
        <translation>没有等待的变动</translation>
    </message>
    <message>
        <source>Everything that was done here is at the central service.</source>
        <translation>这里完成的一切都已送达中心服务。</translation>
    </message>
    <message>
        <source>The central service was not reached yet since the program began.</source>
        <translation>程序启动以来尚未连接到中心服务。</translation>
    </message>
    <message>
        <source>Everything was last in step with the central service at {time}.</source>
        <translation>最近一次与中心服务完全一致：{time}。</translation>
    </message>
</context>
<context>
    <name>WarehouseForm</name>
    <message>
        <source>&amp;Code</source>
        <translation>编码(&amp;C)</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>名称(&amp;N)</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Chinese na&amp;me</source>
        <translation>中文名称(&amp;M)</translation>
    </message>
    <message>
        <source>Chinese name</source>
        <translation>中文名称</translation>
    </message>
    <message>
        <source>&amp;Address</source>
        <translation>地址(&amp;A)</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>&amp;Receiving bin</source>
        <translation>收货货位(&amp;R)</translation>
    </message>
    <message>
        <source>Receiving bin</source>
        <translation>收货货位</translation>
    </message>
    <message>
        <source>Where goods go that come in without a bin.</source>
        <translation>未指定货位的货物入此货位。</translation>
    </message>
    <message>
        <source>Goods may leave before they are &amp;booked in</source>
        <translation>允许未入账先出库(&amp;B)</translation>
    </message>
    <message>
        <source>Goods may leave before they are booked in</source>
        <translation>允许未入账先出库</translation>
    </message>
    <message>
        <source>Stock may go below zero until the receipt is entered; never of what is kept by lot or serial number.</source>
        <translation>收货单录入之前库存可为负数；按批次或序列号管理的商品不允许。</translation>
    </message>
    <message>
        <source>Acti&amp;ve</source>
        <translation>启用(&amp;V)</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
</context>
<context>
    <name>WarehousePage</name>
    <message>
        <source>Bin</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>Zone</source>
        <translation>库区</translation>
    </message>
    <message>
        <source>Active</source>
        <translation>启用</translation>
    </message>
    <message>
        <source>Bins</source>
        <translation>货位</translation>
    </message>
    <message>
        <source>No bins yet</source>
        <translation>还没有货位</translation>
    </message>
    <message>
        <source>New bin</source>
        <translation>新建货位</translation>
    </message>
</context>
<context>
    <name>WindowQuestion</name>
    <message>
        <source>all of them</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>open ones, and others on which something was done within {months} months</source>
        <translation>未完结的，以及 {months} 个月内处理过的</translation>
    </message>
    <message>
        <source>Documents on computers</source>
        <translation>电脑上的单据</translation>
    </message>
    <message>
        <source>Computers of people who see neither costs nor the ledger hold open documents, and closed ones on which something was done within this time. Older ones stay at the central service and can be looked for there. A longer time reaches computers at once, a shorter one when they are filled the next time.</source>
        <translation>既不能查看成本也不能查看总账的人员，其电脑保存未完结的单据，以及在此期限内处理过的已完结单据。更早的单据留在中心服务上，可以在那里查找。延长期限会立即传到各台电脑，缩短期限则在下次填充数据时生效。</translation>
    </message>
    <message>
        <source>All documents</source>
        <translation>全部单据</translation>
    </message>
    <message>
        <source>months</source>
        <translation>个月</translation>
    </message>
    <message>
        <source>Hold documents of (0: all)</source>
        <translation>保存单据的期限（0：全部）</translation>
    </message>
    <message>
        <source>Set</source>
        <translation>设定</translation>
    </message>
</context>
<context>
    <name>WriteDown</name>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Written down</source>
        <translation>计提</translation>
    </message>
    <message>
        <source>Released to cost of sales</source>
        <translation>结转销售成本</translation>
    </message>
    <message>
        <source>Allowance after</source>
        <translation>计提后准备</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>On hand</source>
        <translation>现存量</translation>
    </message>
    <message>
        <source>Cost</source>
        <translation>成本</translation>
    </message>
    <message>
        <source>Net value</source>
        <translation>可变现净值</translation>
    </message>
    <message>
        <source>Released</source>
        <translation>结转</translation>
    </message>
    <message>
        <source>Write-down</source>
        <translation>计提／转回</translation>
    </message>
    <message>
        <source>Allowance</source>
        <translation>跌价准备</translation>
    </message>
    <message>
        <source>Carried at</source>
        <translation>账面价值</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
</context>
<context>
    <name>WriteDownForm</name>
    <message>
        <source>&amp;Date</source>
        <translation>日期(&amp;D)</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>&amp;Costs to sell, % of price</source>
        <translation>销售费用占售价 %(&amp;C)</translation>
    </message>
    <message>
        <source>Costs to sell, % of price</source>
        <translation>销售费用占售价 %</translation>
    </message>
    <message>
        <source>What it still costs to sell, as a percentage of the list price: taken off when net realisable values are worked out</source>
        <translation>销售尚需发生的费用，占标价的百分比：计算可变现净值时予以扣除</translation>
    </message>
    <message>
        <source>&amp;Reason</source>
        <translation>原因(&amp;R)</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Lines</source>
        <translation>明细</translation>
    </message>
</context>
<context>
    <name>WriteDownPage</name>
    <message>
        <source>Write down</source>
        <translation>计提跌价准备</translation>
    </message>
    <message>
        <source>Work out from list prices</source>
        <translation>按标价计算</translation>
    </message>
    <message>
        <source>Write stock down</source>
        <translation>计提跌价准备</translation>
    </message>
    <message>
        <source>Lower of cost and net realisable value, product by product.</source>
        <translation>按单项商品，以成本与可变现净值孰低计量。</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>商品</translation>
    </message>
    <message>
        <source>On hand</source>
        <translation>现存量</translation>
    </message>
    <message>
        <source>Unit cost</source>
        <translation>单位成本</translation>
    </message>
    <message>
        <source>List price</source>
        <translation>标价</translation>
    </message>
    <message>
        <source>Net value</source>
        <translation>可变现净值</translation>
    </message>
    <message>
        <source>Cost</source>
        <translation>成本</translation>
    </message>
    <message>
        <source>Allowance</source>
        <translation>跌价准备</translation>
    </message>
    <message>
        <source>Write-down</source>
        <translation>计提／转回</translation>
    </message>
    <message>
        <source>Carried at</source>
        <translation>账面价值</translation>
    </message>
    <message>
        <source>Between 0 and 100 percent.</source>
        <translation>介于 0 和 100 之间的百分比。</translation>
    </message>
    <message>
        <source>Products without a list price, for you to fill in: {count}</source>
        <translation>没有标价、需要您填写的商品：{count}</translation>
    </message>
    <message>
        <source>Products valued: {count} of {all}</source>
        <translation>已估值商品：{count}／{all}</translation>
    </message>
    <message>
        <source>Written down {down}, reversed {up}, released {released}</source>
        <translation>计提 {down}，转回 {up}，结转 {released}</translation>
    </message>
    <message>
        <source>Type what a unit would bring after costs to sell in at least one line, or work it out.</source>
        <translation>请至少在一行中填写每单位扣除销售费用后可得的金额，或按标价计算。</translation>
    </message>
    <message>
        <source>{down} is written down and {up} reversed; {released} goes to cost of sales with what has left. The cost of stock stays, an allowance stands against it.</source>
        <translation>计提 {down}，转回 {up}；{released} 随已发出的商品结转销售成本。存货成本不变，另设跌价准备抵减。</translation>
    </message>
</context>
<context>
    <name>WriteDowns</name>
    <message>
        <source>Write stock down</source>
        <translation>计提跌价准备</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Written down</source>
        <translation>计提</translation>
    </message>
    <message>
        <source>Released</source>
        <translation>结转</translation>
    </message>
    <message>
        <source>Allowance after</source>
        <translation>计提后准备</translation>
    </message>
    <message>
        <source>Write-downs</source>
        <translation>跌价准备</translation>
    </message>
    <message>
        <source>No stock was written down yet</source>
        <translation>尚未计提过跌价准备</translation>
    </message>
    <message>
        <source>Number, reason</source>
        <translation>编号、原因</translation>
    </message>
</context>
</TS>
